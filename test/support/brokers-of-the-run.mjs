import { register } from 'node:module';

// Jest maps `.js` to `.ts` for specs only; for its configuration and setups Node itself has to.
register('./typescript-hooks.mjs', import.meta.url);

/**
 * The kinds of brokers that specs run on: those that KAFKA_TEST_BROKER lists, else the embedded one and a real Kafka
 * where one can be had; `leftOut` says why it cannot.
 */
export async function brokersOfTheRun(env, args) {
  const listed = (env.KAFKA_TEST_BROKER ?? '').split(',').filter((kind) => kind.trim() !== '');
  if (listed.length > 0) return { kinds: listed.map((kind) => kind.trim()) };
  if (isUnitOnly(args)) return { kinds: [] };
  const { findRealBroker } = await import('../../lib/testing/test-broker.ts');
  const { kind, reason } = await findRealBroker({ env, log: (line) => process.stderr.write(`${line}\n`) });
  return kind ? { kinds: ['embedded', kind] } : { kinds: ['embedded'], leftOut: reason };
}

/** Looking for a real Kafka takes a moment, and its jars more. */
function isUnitOnly(args) {
  const paths = args.filter((arg) => arg.includes('test/'));
  return paths.length > 0 && paths.every((path) => path.includes('test/unit'));
}
