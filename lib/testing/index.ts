export { type ApacheKafka, type ApacheKafkaOptions, startApacheKafka } from './apache-kafka.js';
export { type ApacheKafkaNode } from './apache/node.js';
export { startTestBroker, type TestBroker, type TestBrokerKind, type TestBrokerOptions } from './test-broker.js';
export { TestBrokerError } from './test-broker.error.js';
