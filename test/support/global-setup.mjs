import { register } from 'node:module';

// Jest does not map `.js` to `.ts` for what a global setup imports, so Node itself has to.
register('./typescript-hooks.mjs', import.meta.url);

/** One broker for the run, kept for the teardown. */
export let broker;

export default async function startBroker() {
  const { startTestBroker } = await import('../../lib/testing/test-broker.ts');
  broker = await startTestBroker({ log: (line) => process.stderr.write(`${line}\n`) });
  process.env.KAFKA_TEST_BROKERS = broker.brokers.join(',');
  process.env.KAFKA_TEST_BROKER_KIND = broker.kind;
}
