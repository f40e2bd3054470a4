export { kafkaConfig } from './config/kafka.config.js';
export { KafkaConfigError, type ConfigFault } from './config/kafka-config.error.js';
export type {
  CrashPolicy,
  DeadLetterOptions,
  ExhaustedPolicy,
  FetchOptions,
  Jitter,
  KafkaOptions,
  ProducerOptions,
  RetryOptions,
  SaslOAuthBearerOptions,
  SaslOptions,
  SaslPasswordOptions,
  SslOptions,
} from './config/kafka-options.js';
export { KafkaConsumerService } from './consumer/kafka-consumer.service.js';
export {
  DeadLetterService,
  type DeadLetterSummary,
  type RedriveOptions,
  type RedriveResult,
} from './dead-letters/dead-letter.service.js';
export type { DeadLetter } from './dead-letters/dead-letter.js';
export { InjectKafkaConsumer, InjectKafkaProducer } from './decorators/inject.decorator.js';
export { BatchHandler, type BatchHandlerOptions } from './decorators/batch-handler.decorator.js';
export {
  type HeaderCondition,
  type IdempotencyOptions,
  MessageHandler,
  type MessageHandlerOptions,
} from './decorators/message-handler.decorator.js';
export {
  ConsumedMessage,
  MessageContext,
  MessageHeader,
  MessageHeaders,
  MessageKey,
  MessagePayload,
  type PayloadSchema,
  type StandardSchema,
} from './decorators/parameter.decorators.js';
export { isKafkaContext } from './discovery/kafka-context.js';
export { HandlerBindingError } from './discovery/handler-binding.error.js';
export type { AssignorName } from './engine/client/client-settings.js';
export type { Compression } from './engine/client/produce/pending-record.js';
export type { FailureClass, FailureClassifier, NonRetriable } from './messaging/failure-class.js';
export type { TopicPartition } from './engine/client/consumer-client.js';
export type { DeadLetterFilter } from './engine/redrive/dead-letter-filter.js';
export type { RedriveProgress } from './engine/redrive/redrive.js';
export type { BrokerThrottle } from './engine/client/connection/throttles.js';
export type { ClientFailures } from './engine/condition/client-history.js';
export type { ConsumerState } from './engine/condition/consumer-state.js';
export type { PauseReason } from './engine/dispatch/assigned-partition.js';
export type { CommitTrouble } from './engine/offsets/commit-record.js';
export type {
  GroupConsumerStatus,
  PartitionStatus,
  PausedPartition,
  UnplacedPartition,
} from './engine/consumer-status.js';
export type { PartitionLag } from './engine/partition-lag.js';
export { getDeadLetterServiceToken, getKafkaConsumerToken, getKafkaProducerToken } from './kafka.constants.js';
export type { KafkaModuleExtras, KafkaOptionsFactory } from './kafka.module-definition.js';
export { KafkaModule } from './kafka.module.js';
export { Consumer } from './messaging/consumer.js';
export {
  type AttemptEvent,
  type CommitFailedEvent,
  type CommittedEvent,
  ConsumerObserver,
  type DeadLetteredEvent,
  type FailedEvent,
  type MessagesEvent,
  type RebalancedEvent,
  type RetriedEvent,
} from './messaging/consumer-observer.js';
export {
  AcknowledgementError,
  BatchError,
  DeserializationError,
  HandlerTimeoutError,
  MessageRefusedError,
  MessagingError,
  NonRetriableError,
  PublishError,
  SkipMessageError,
  type BatchFailure,
} from './messaging/errors.js';
export type { BuiltInFormat, Deserializer, Format, Serializer } from './messaging/format.js';
export type { Handler } from './messaging/handler.js';
export { HandlerContext } from './messaging/handler-context.js';
export { IdempotencyStore, InMemoryIdempotencyStore } from './messaging/idempotency-store.js';
export { Message } from './messaging/message.js';
export type { ProcessingOrder } from './messaging/processing-order.js';
export { Producer, type OutgoingMessage, type PublishedRecord } from './messaging/producer.js';
export {
  type ProtobufFormatOptions,
  type SchemaFormatOptions,
  SchemaRegistry,
  type SchemaRegistryOptions,
} from './schema-registry/schema-registry.js';
export { KafkaProducer } from './producer/kafka-producer.js';
