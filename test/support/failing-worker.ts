import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { KafkaModule, MessageHandler, type KafkaOptions } from '../../lib/index.js';

/** What the process is told. */
export interface FailingWorkerJob {
  topic: string;
  options: KafkaOptions;
}

const { topic, options } = JSON.parse(process.argv[2]!) as FailingWorkerJob;

/** Gives up on everything. */
class Orders {
  @MessageHandler(topic, { retry: { maxAttempts: 1 }, deadLetter: true })
  created(): void {
    throw new Error('no');
  }
}

@Module({ imports: [KafkaModule.forRoot(options)], providers: [Orders] })
class Worker {}

await NestFactory.createApplicationContext(Worker, { logger: false });
