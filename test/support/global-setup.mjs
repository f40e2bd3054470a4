import { startTestBroker } from '../../lib/testing/test-broker.ts';

/** The broker of each project, kept for its teardown. */
export const brokers = new Map();

export default async function startBroker(_globalConfig, { globals }) {
  const kind = globals.brokerKind;
  const broker = await startTestBroker({ kind, log: (line) => process.stderr.write(`${line}\n`) });
  brokers.set(kind, broker);
  process.env[`KAFKA_TEST_BROKERS_${kind.toUpperCase()}`] = broker.brokers.join(',');
}
