import { brokersOfTheRun } from './test/support/brokers-of-the-run.mjs';

const shared = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  setupFiles: ['<rootDir>/test/support/setup.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@things-kit/nestjs-kafka$': '<rootDir>/lib/index.ts',
    '^@things-kit/nestjs-kafka/health$': '<rootDir>/lib/health/index.ts',
    '^@things-kit/nestjs-kafka/testing$': '<rootDir>/lib/testing/index.ts',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2022',
        },
        module: { type: 'es6' },
      },
    ],
  },
};

/** Specs in these folders of `test` run on a broker, once on each kind. */
const onBroker = ['e2e', 'conformance'];

/** What starts Apache Kafka itself needs what Apache Kafka needs; what starts EmbeddedKafka itself has nothing new to tell on another. */
const onOneKindOnly = { apache: '<rootDir>/test/e2e/apache/', embedded: '<rootDir>/test/e2e/embedded/' };

const unit = {
  ...shared,
  displayName: 'unit',
  testPathIgnorePatterns: onBroker.map((folder) => `<rootDir>/test/${folder}/`),
};

/** Jest runs a project's global setup only when a spec of it is selected: unit specs start no broker. */
const on = (kind, _index, brokerKinds) => ({
  ...shared,
  displayName: kind,
  testMatch: onBroker.map((folder) => `<rootDir>/test/${folder}/**/*.spec.ts`),
  testPathIgnorePatterns: Object.entries(onOneKindOnly).flatMap(([only, folder]) => (only === kind ? [] : [folder])),
  globals: { brokerKind: kind, brokerKinds },
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
});

/** @returns {Promise<import('jest').Config>} */
export default async function configure() {
  const { kinds, leftOut } = await brokersOfTheRun(process.env, process.argv.slice(2));
  return {
    testTimeout: 60_000,
    maxWorkers: 2,
    coverageProvider: 'v8',
    collectCoverageFrom: ['lib/**/*.ts'],
    reporters: ['default', ['<rootDir>/test/support/left-out.reporter.mjs', { leftOut }]],
    projects: [unit, ...kinds.map(on)],
  };
}
