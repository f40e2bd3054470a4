import 'reflect-metadata';

/** The broker of the project that the spec runs in. */
const { brokerKind } = globalThis as { brokerKind?: string };
if (brokerKind) process.env.KAFKA_TEST_BROKERS = process.env[`KAFKA_TEST_BROKERS_${brokerKind.toUpperCase()}`] ?? '';
