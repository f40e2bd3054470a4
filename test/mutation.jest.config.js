import configure from '../jest.config.js';

/** The unit specs of what Stryker mutates. */
export default async function configureMutation() {
  const { projects } = await configure();
  const [{ testMatch: _, displayName: __, ...unit }] = projects;
  const folders = ['engine/recovery', 'engine/offsets', 'engine/redrive', 'engine/group-consumer'];
  const testMatch = folders.map((folder) => `<rootDir>/test/unit/${folder}/**/*.spec.ts`);
  return { ...unit, rootDir: '..', testMatch, testTimeout: 10_000 };
}
