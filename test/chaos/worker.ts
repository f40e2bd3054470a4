import { createHash } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { KafkaModule, MessageHandler, type HandlerContext, type KafkaOptions, type Message } from '../../lib/index.js';
import type { HandlingEvent } from './ledger.js';

/** What a worker is told. */
export interface WorkerJob {
  name: string;
  topic: string;
  options: KafkaOptions;

  /** Where it notes down what it handles. */
  file: string;
  handlers: HandlerTimes;

  /** How often it stops and starts a second application beside its first, in ms. */
  churnMs?: number;

  /** Where it publishes the place of each record, in transactions. */
  results?: string;

  /** Where connections to a port go instead. */
  detours?: Record<number, number>;
}

/** How long handlers take, in ms, by chance that depends on the record alone. */
export interface HandlerTimes {
  most: number;

  /** One of so many takes `longMs` instead. */
  longOneIn?: number;
  longMs?: number;
}

const job = JSON.parse(process.argv[2]!) as WorkerJob;
const notes = openSync(job.file, 'a');

if (job.detours) redirect(job.detours);
await start(job.name);
if (job.churnMs !== undefined) void churn(job.churnMs);
process.send?.('started');

async function start(name: string): Promise<INestApplicationContext> {
  class Handlers {
    @MessageHandler(job.topic, job.results === undefined ? {} : { transactional: true, publishTo: job.results })
    async handle(message: Message, { signal }: HandlerContext): Promise<string> {
      note('begin', name, message, false);
      await delay(durationOf(message));
      note('end', name, message, signal.aborted);
      return `${message.partition}@${message.offset}`;
    }
  }
  @Module({ imports: [KafkaModule.forRoot({ ...job.options, clientId: name })], providers: [Handlers] })
  class Worker {}
  const application = await NestFactory.createApplicationContext(Worker, { logger: ['error', 'warn'] });
  return application.enableShutdownHooks(['SIGTERM']);
}

async function churn(ms: number): Promise<void> {
  for (let number = 1; ; number++) {
    const application = await start(`${job.name}-${number}`);
    await delay(ms);
    await application.close();
    await delay(ms);
  }
}

/** Written before anything else happens, so that it is true whatever happens to this process next. */
function note(kind: HandlingEvent['kind'], worker: string, message: Message, aborted: boolean): void {
  const { partition, offset, key, timestamp } = message;
  const at = performance.timeOrigin + performance.now();
  const place = { partition, offset: Number(offset), key: String(key) };
  const event: HandlingEvent = { kind, worker, ...place, aborted, writtenAt: timestamp.getTime(), at };
  writeSync(notes, `${JSON.stringify(event)}\n`);
}

function durationOf({ partition, offset }: Message): number {
  const { most, longOneIn = Infinity, longMs = 0 } = job.handlers;
  const [chance, length] = createHash('sha1').update(`${partition}@${offset}`).digest();
  return chance! % longOneIn === 0 && longOneIn < Infinity ? longMs : (length! / 256) * most;
}

/** Connections go to a proxy, whatever brokers advertise. */
function redirect(detours: Record<number, number>): void {
  const connect = net.connect.bind(net) as (options: net.NetConnectOpts, listener?: () => void) => net.Socket;
  const detouring = (options: net.TcpNetConnectOpts, listener?: () => void): net.Socket =>
    connect({ ...options, port: detours[options.port] ?? options.port }, listener);
  Object.assign(net, { connect: detouring });
}
