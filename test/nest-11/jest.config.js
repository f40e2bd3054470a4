import { resolve } from 'node:path';
import configure from '../../jest.config.js';

const rootDir = resolve(import.meta.dirname, '../..');

/** The same specs, with Nest 11 in the place of the Nest that is installed at the top. */
const nest11 = { '^@nestjs/([^/]+)(.*)$': '<rootDir>/test/nest-11/node_modules/@nestjs/$1$2' };

/** What these specs test is done by the engine, which knows nothing of Nest, as the architecture's own spec holds. */
const withoutNest = [
  'conformance/',
  'unit/(engine|testing/(embedded|apache)|chaos|benchmark)/',
  'unit/(index|readme-code|architecture)[.]spec',
  'e2e/.*(trouble|transactions|producing|killed|abort|event-loop|redrive|retry-topics|dead-letters|poison|lag|order-and)',
  'e2e/(recreated|restart|share|expired|unreachable|runtime-control|manual-ack|test-broker)',
];

/** @returns {Promise<import('jest').Config>} */
export default async function configureNest11() {
  const config = await configure();
  return {
    ...config,
    rootDir,
    projects: config.projects.map((project) => ({
      ...project,
      rootDir,
      displayName: `${project.displayName} on Nest 11`,
      moduleNameMapper: { ...nest11, ...project.moduleNameMapper },
      testPathIgnorePatterns: [
        ...project.testPathIgnorePatterns,
        ...withoutNest.map((pattern) => `<rootDir>/test/${pattern}`),
      ],
    })),
  };
}
