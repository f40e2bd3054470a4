import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { Producer } from '@things-kit/nestjs-kafka';
import { startTestBroker, type TestBroker } from '@things-kit/nestjs-kafka/testing';
import { AppModule } from './app.module.js';

/** Only compiled: the declarations of `./testing` are found. */
export const startBroker: () => Promise<TestBroker> = startTestBroker;

const LIMIT_MS = 5_000;

async function main(): Promise<void> {
  const app = await timed('boot', () => NestFactory.createApplicationContext(AppModule, { abortOnError: false }));
  if (!(app.get(Producer) instanceof Producer)) throw new Error('the producer is no Producer');
  await delay(500); // for a consumer to try to connect
  await timed('close', () => app.close());
}

async function timed<T>(what: string, run: () => Promise<T>): Promise<T> {
  const start = Date.now();
  const result = await run();
  const ms = Date.now() - start;
  console.log(`${what} took ${ms} ms`);
  if (ms > LIMIT_MS) throw new Error(`${what} took ${ms} ms, expected at most ${LIMIT_MS} ms`);
  return result;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
