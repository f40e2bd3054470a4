const shared = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  setupFiles: ['<rootDir>/test/support/setup.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@things-kit/nestjs-kafka$': '<rootDir>/lib/index.ts',
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

/** Specs in these folders of `test` run on the broker of the run. */
const onBroker = ['e2e', 'conformance'];

/**
 * Two projects, as Jest runs a project's global setup only when a spec of it is selected: unit specs start no broker.
 *
 * @type {import('jest').Config}
 */
export default {
  testTimeout: 60_000,
  maxWorkers: 2,
  coverageProvider: 'v8',
  collectCoverageFrom: ['lib/**/*.ts'],
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testPathIgnorePatterns: onBroker.map((folder) => `<rootDir>/test/${folder}/`),
    },
    {
      ...shared,
      displayName: 'e2e',
      testMatch: onBroker.map((folder) => `<rootDir>/test/${folder}/**/*.spec.ts`),
      globalSetup: '<rootDir>/test/support/global-setup.mjs',
      globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
    },
  ],
};
