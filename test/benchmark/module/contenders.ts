import { randomUUID } from 'node:crypto';
import { Controller, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload, Transport } from '@nestjs/microservices';
import kafkajs from 'kafkajs';
import { KafkaModule } from '../../../lib/index.js';
import { startEngine } from './engine.js';
import {
  batchHandlers,
  guardedHandlers,
  interceptedHandlers,
  publishingHandlers,
  staticHandlers,
  validatedHandlers,
} from './handlers.js';
import type { Close, ContenderName, Handle, Job } from './job.js';

/** Start with a new group from the beginning; all settings at their defaults but those that the job names. */
export const contenders: Partial<Record<ContenderName, (job: Job, handle: Handle) => Promise<Close>>> = {
  module: (job, handle) => startModule(job, staticHandlers(job, handle)),
  engine: startEngine,
  guard: (job, handle) => startModule(job, guardedHandlers(job, handle)),
  interceptor: (job, handle) => startModule(job, interceptedHandlers(job, handle)),
  dto: (job, handle) => startModule(job, validatedHandlers(job, handle)),
  batch: (job, handle) => startModule(job, batchHandlers(job, handle)),
  publishTo: (job, handle) => startModule(job, publishingHandlers(job, handle, false)),
  transactional: (job, handle) => startModule(job, publishingHandlers(job, handle, true)),
  eachBatch: startEachBatch,
  eachMessage: startEachMessage,
  microservices: startMicroservice,
};

async function startModule({ brokers, order, concurrency }: Job, handlers: Type): Promise<Close> {
  const options = { brokers: [...brokers], group: newGroup(), processingOrder: order, concurrency };
  @Module({ imports: [KafkaModule.forRoot({ ...options, startFromBeginning: true })], providers: [handlers] })
  class Application {}
  const application = await NestFactory.createApplicationContext(Application, { logger: ['error', 'warn'] });
  return () => application.close();
}

function startEachBatch(job: Job, handle: Handle): Promise<Close> {
  return startKafkajs(job, {
    eachBatch: async ({ batch: { messages } }) => {
      for (const { value, key } of messages) {
        const handled = handle(JSON.parse(value!.toString()), key);
        if (handled) await handled;
      }
    },
  });
}

function startEachMessage(job: Job, handle: Handle): Promise<Close> {
  return startKafkajs(job, {
    eachMessage: async ({ message: { value, key } }) => handle(JSON.parse(value!.toString()), key),
  });
}

async function startKafkajs(
  { brokers, topic, partitionsAtATime }: Job,
  run: kafkajs.ConsumerRunConfig,
): Promise<Close> {
  const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.ERROR });
  const consumer = client.consumer({ groupId: newGroup() });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ partitionsConsumedConcurrently: partitionsAtATime, ...run });
  return () => consumer.disconnect();
}

async function startMicroservice({ brokers, topic, partitionsAtATime }: Job, handle: Handle): Promise<Close> {
  @Controller()
  class Handlers {
    @EventPattern(topic)
    handle(@Payload() payload: unknown): Promise<void> | void {
      return handle(payload, null);
    }
  }
  @Module({ controllers: [Handlers] })
  class Application {}
  const application = await NestFactory.createMicroservice(Application, {
    logger: ['error', 'warn'],
    transport: Transport.KAFKA,
    options: {
      client: { brokers: [...brokers], logLevel: kafkajs.logLevel.ERROR },
      consumer: { groupId: newGroup() },
      subscribe: { fromBeginning: true },
      run: { partitionsConsumedConcurrently: partitionsAtATime },
    },
  });
  await application.listen();
  return () => application.close();
}

function newGroup(): string {
  return `benchmark-${randomUUID()}`;
}
