import { cp, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, node, npm } from './harness.mjs';

const sources = fileURLToPath(new URL('./app', import.meta.url));

/** An application outside the repository, with the tarball and a Nest of its own installed. @returns its folder */
export async function createApplication(folder, tarball, { name, type, nest, config, typescript, dependencies }) {
  const app = join(folder, name.replaceAll(' ', '-').toLowerCase());
  await mkdir(app);
  await cp(sources, app, { recursive: true });
  await writeJson(join(app, 'package.json'), {
    private: true,
    type,
    dependencies: {
      '@nestjs/common': nest,
      '@nestjs/config': config,
      '@nestjs/core': nest,
      '@nestjs/testing': nest,
      '@things-kit/nestjs-kafka': `file:${tarball}`,
      '@types/node': '^20.0.0',
      'reflect-metadata': '^0.2.0',
      rxjs: '^7.8.0',
      typescript,
      ...dependencies,
    },
  });
  const compilerOptions = {
    target: 'ES2022',
    rootDir: '.',
    outDir: 'dist',
    types: ['node'],
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    esModuleInterop: true,
  };
  // only an application with jest compiles the spec
  await writeJson(join(app, 'tsconfig.json'), { compilerOptions, exclude: dependencies?.jest ? [] : ['*.test.ts'] });
  await npm(['install', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: app, timeoutMs: 300_000 });
  return app;
}

export function compile(app, { module, moduleResolution = module }, ...options) {
  const mode = ['--module', module, '--moduleResolution', moduleResolution];
  return node(['node_modules/typescript/bin/tsc', '-p', '.', ...mode, ...options], { cwd: app });
}

/** Boots and closes the application, which has to end by itself; its broker is an address at which nothing listens. */
export async function boot(app, autoStart) {
  const broker = `127.0.0.1:${await freePort()}`;
  const env = { SMOKE_BROKER: broker, SMOKE_AUTO_START: String(autoStart) };
  const output = await node(['dist/main.js'], { cwd: app, env, timeoutMs: 20_000 });
  expect(output.includes('Mapped {orders.created} to OrderHandler.created'), `no table of routes in:\n${output}`);
  expect(output.includes(broker) === autoStart, `${autoStart ? 'no' : 'a'} try to connect to ${broker} in:\n${output}`);
  return output.match(/(boot|close) took \d+ ms/g).join(', ');
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function writeJson(file, content) {
  return writeFile(file, JSON.stringify(content, undefined, 2));
}
