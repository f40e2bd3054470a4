export { type ApacheKafka, type ApacheKafkaOptions, startApacheKafka } from './apache-kafka.js';
export { type ApacheKafkaNode, type ScramUser } from './apache/node.js';
export {
  type BrokerChoice,
  findRealBroker,
  startTestBroker,
  type TestBroker,
  type TestBrokerKind,
  type TestBrokerOptions,
} from './test-broker.js';
export { TestBrokerError } from './test-broker.error.js';
export { EmbeddedKafka } from './embedded/embedded-kafka.js';
export { EmbeddedKafkaError } from './embedded/embedded-kafka.error.js';
export { type EmbeddedKafkaOptions, type EmbeddedTopic } from './embedded/embedded-kafka.options.js';
export {
  type ConnectionRefusal,
  type FailOptions,
  type Fault,
  type FaultFilter,
} from './embedded/faults/fault-options.js';
export { type Faults } from './embedded/faults/faults.js';
export {
  type EmbeddedGroup,
  type EmbeddedMember,
  type EmbeddedOffset,
  type EmbeddedRecord,
} from './embedded/inspection.js';
export { type EmbeddedMessage } from './embedded/producing.js';
export { type ApiName } from './embedded/protocol/apis.js';
export { type KafkaErrorName } from './embedded/protocol/errors.js';
export { type SaslMechanism } from './embedded/sasl/sasl-session.js';
export { type UntilOptions } from './embedded/until.js';
export {
  type Delivery,
  HandlerHarness,
  type HandlerHarnessOptions,
  type HandlerResult,
  type HarnessRecord,
  type HarnessMessage,
  type HarnessOutcome,
} from './handler-harness.js';
