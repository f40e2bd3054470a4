import { randomUUID } from 'node:crypto';
import { Controller, Module, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload, Transport } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import kafkajs from 'kafkajs';
import { ConsumerObserver, KafkaModule } from '../../../lib/index.js';
import { KAFKA_TELEMETRY } from '../../../lib/kafka.constants.js';
import { startEngine } from './engine.js';
import {
  batchHandlers,
  guardedHandlers,
  interceptedHandlers,
  publishingHandlers,
  staticHandlers,
  validatedHandlers,
} from './handlers.js';
import type { Close, ContenderName, Handle, Job, Variant } from './job.js';
import { sdks, Times } from './telemetry.js';

/** Start with a new group from the beginning; all settings at their defaults but those that the job names. */
export const contenders: Partial<Record<ContenderName, (job: Job, handle: Handle) => Promise<Close>>> = {
  module: (job, handle) => startModule(job, staticHandlers(job, handle)),
  engine: startEngine,
  guard: (job, handle) => startModule(job, guardedHandlers(job, handle)),
  interceptor: (job, handle) => startModule(job, interceptedHandlers(job, handle)),
  dto: (job, handle) => startModule(job, validatedHandlers(job, handle)),
  unobserved: startUnobserved,
  observer: (job, handle) => startModule(job, staticHandlers(job, handle), [observer]),
  metrics: startWithSdk,
  traces: startWithSdk,
  unsampled: startWithSdk,
  batch: (job, handle) => startModule(job, batchHandlers(job, handle)),
  publishTo: (job, handle) => startModule(job, publishingHandlers(job, handle, false)),
  transactional: (job, handle) => startModule(job, publishingHandlers(job, handle, true)),
  eachBatch: startEachBatch,
  eachMessage: startEachMessage,
  microservices: startMicroservice,
};

const observer = { provide: ConsumerObserver, useClass: Times };

async function startModule(job: Job, handlers: Type, more: Provider[] = []): Promise<Close> {
  const application = await NestFactory.createApplicationContext(moduleOf(job, [handlers, ...more]), {
    logger: ['error', 'warn'],
  });
  return () => application.close();
}

/** As if nothing could measure or trace. */
async function startUnobserved(job: Job, handle: Handle): Promise<Close> {
  const testing = Test.createTestingModule({ imports: [moduleOf(job, [staticHandlers(job, handle)])] });
  const application = await testing.overrideProvider(KAFKA_TELEMETRY).useValue({}).compile();
  await application.init();
  return () => application.close();
}

function startWithSdk(job: Job, handle: Handle): Promise<Close> {
  sdks[job.contender as Variant]!();
  return startModule(job, staticHandlers(job, handle));
}

function moduleOf({ brokers, order, concurrency }: Job, providers: Provider[]): Type {
  const options = { brokers: [...brokers], group: newGroup(), processingOrder: order, concurrency };
  @Module({ imports: [KafkaModule.forRoot({ ...options, startFromBeginning: true })], providers })
  class Application {}
  return Application;
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
