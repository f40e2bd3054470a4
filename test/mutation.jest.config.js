import configure from '../jest.config.js';

const folders = ['engine/recovery', 'engine/offsets', 'engine/redrive'];

/** The unit specs of what Stryker mutates. */
export default async function configureMutation() {
  const [unit] = (await configure()).projects;
  return {
    ...unit,
    rootDir: '..',
    testMatch: folders.map((folder) => `<rootDir>/test/unit/${folder}/**/*.spec.ts`),
    testTimeout: 10_000,
  };
}
