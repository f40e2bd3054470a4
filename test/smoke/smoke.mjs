// Packs the package, installs the tarball into temporary applications as a user would, and runs those.
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { boot, compile, createApplication } from './application.mjs';
import { contentsOf } from './contents.mjs';
import { check, expect, node, npm, summarise } from './harness.mjs';

const NEST_12 = { name: 'Nest 12 ESM', type: 'module', nest: '^12.0.0', config: '^12.0.0', typescript: '~6.0.3' };
const NEST_12_MODES = [{ module: 'NodeNext' }, { module: 'ESNext', moduleResolution: 'Bundler' }];

const NEST_11 = {
  name: 'Nest 11 CommonJS',
  type: 'commonjs',
  nest: '^11.0.0',
  config: '^4.0.0',
  typescript: '~5.9.3',
  dependencies: { jest: '^30.0.0', '@jest/globals': '^30.0.0' },
};
const NEST_11_MODES = [{ module: 'CommonJS', moduleResolution: 'Node10' }, { module: 'Node16' }];

const root = fileURLToPath(new URL('../..', import.meta.url));

const folder = await mkdtemp(join(tmpdir(), 'nestjs-kafka-smoke-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

try {
  const { tarball, files } = await pack();
  const contents = contentsOf(root, files);
  await check('the tarball holds what is built and its documents, and nothing else', contents.checkNames);
  await check('the tarball names no source map that it does not hold', contents.checkSourceMaps);
  await check('the commands of the tarball can be run', contents.checkCommands);
  await check('the declarations of the main entry point need no optional package', contents.checkDeclarations);
  await checkApplication(NEST_12, NEST_12_MODES, tarball);
  const app = await checkApplication(NEST_11, NEST_11_MODES, tarball);
  await check(`${NEST_11.name}: plain jest runs a spec on the package`, () =>
    node(['node_modules/jest/bin/jest.js', '--rootDir', 'dist'], { cwd: app }).then(() => {}),
  );
} catch (error) {
  await check('packing and installing', () => Promise.reject(error));
} finally {
  summarise();
}

async function pack() {
  const options = ['--json', '--loglevel=error', '--pack-destination', folder];
  const output = await npm(['pack', ...options], { cwd: root, timeoutMs: 120_000 });
  const [{ filename, files }] = JSON.parse(output.slice(output.indexOf('[\n')));
  return { tarball: join(folder, filename), files };
}

/** @param modes ways to resolve modules; what is run is compiled in the first */
async function checkApplication(description, modes, tarball) {
  const { name } = description;
  const app = await createApplication(folder, tarball, description);
  for (const [index, mode] of modes.entries()) {
    const { module, moduleResolution = module } = mode;
    await check(`${name}: compiles with ${moduleResolution} resolution`, async () => {
      await compile(app, mode, ...(index === 0 ? [] : ['--noEmit']));
    });
  }
  await checkEntryPoints(name, app);
  await check(`${name}: the command tells how to be used`, async () => {
    const output = await node(['node_modules/.bin/nestjs-kafka-redrive', 'help'], { cwd: app });
    expect(output.includes('nestjs-kafka-redrive redrive <dead-letter topic>'), `got ${output}`);
  });
  await check(`${name}: boots with autoStart: false`, () => boot(app, false));
  await check(`${name}: boots and ends without a broker`, () => boot(app, true));
  await check(`${name}: a testing module overrides the consumer`, async () => {
    await node(['dist/override-main.js'], { cwd: app });
  });
  return app;
}

async function checkEntryPoints(name, app) {
  const exported = {};
  for (const way of ['import', 'require']) {
    await check(`${name}: every entry point and every file loads by ${way}`, async () => {
      const output = await node(['entry-points.mjs', way], { cwd: app });
      exported[way] = output.match(/^\{.*\}$/m)[0];
    });
  }
  await check(`${name}: import and require give the same names`, () => {
    expect(exported.import === exported.require, `import ${exported.import}\nrequire ${exported.require}`);
    return `${Object.values(JSON.parse(exported.import)).flat().length} names`;
  });
}
