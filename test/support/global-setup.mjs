import { startTestBroker } from '../../lib/testing/test-broker.ts';

/** The brokers of the run, kept for the teardown. */
export const brokers = [];

/** Jest runs a setup once, for whichever project comes first: it starts the brokers of all. */
export default async function startBrokers(_globalConfig, { globals }) {
  for (const kind of globals.brokerKinds) {
    const broker = await startTestBroker({ kind, log: (line) => process.stderr.write(`${line}\n`) });
    brokers.push(broker);
    process.env[`KAFKA_TEST_BROKERS_${kind.toUpperCase()}`] = broker.brokers.join(',');
  }
}
