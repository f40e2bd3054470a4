import { randomUUID } from 'node:crypto';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload, Transport } from '@nestjs/microservices';
import kafkajs from 'kafkajs';
import { KafkaModule, MessageHandler, type Message } from '../../../lib/index.js';
import type { ContenderName, Job } from './job.js';

/** Gets each record's parsed value, and its key. Without a promise where nothing is waited for. */
export type Handle = (payload: unknown, key: Buffer | null) => Promise<void> | void;

/** Leaves the group and disconnects. */
export type Close = () => Promise<void>;

/** Start with a new group from the beginning; all settings at their defaults but those that the job names. */
export const contenders: Record<ContenderName, (job: Job, handle: Handle) => Promise<Close>> = {
  module: startModule,
  eachBatch: startEachBatch,
  eachMessage: startEachMessage,
  microservices: startMicroservice,
};

async function startModule({ brokers, topic, order, concurrency }: Job, handle: Handle): Promise<Close> {
  class Handlers {
    @MessageHandler(topic)
    handle(message: Message): Promise<void> | void {
      return handle(message.payload, message.key);
    }
  }
  const options = { brokers: [...brokers], group: newGroup(), processingOrder: order, concurrency };
  @Module({ imports: [KafkaModule.forRoot({ ...options, startFromBeginning: true })], providers: [Handlers] })
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
