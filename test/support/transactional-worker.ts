import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type HandlerContext, KafkaModule, type KafkaOptions, type Message, MessageHandler } from '../../lib/index.js';

/** What the process is told. */
export interface TransactionalWorkerJob {
  topic: string;
  output: string;

  /** Of a handler, at most, in milliseconds. */
  longestMs: number;
  options: KafkaOptions;
}

const { topic, output, longestMs, options } = JSON.parse(process.argv[2]!) as TransactionalWorkerJob;

/** Two results of each message: one returned, one published. */
class Orders {
  @MessageHandler(topic, { transactional: true, publishTo: output })
  async created(message: Message, context: HandlerContext): Promise<string> {
    const value = message.value!.toString();
    await context.publish({ topic: output, key: message.key, value: `${value} accepted` });
    await sleep(Math.random() * longestMs);
    return `${value} done`;
  }
}

@Module({ imports: [KafkaModule.forRoot(options)], providers: [Orders] })
class Worker {}

const app = await NestFactory.createApplicationContext(Worker, { logger: ['error', 'warn', 'log'] });
app.enableShutdownHooks();
