import kafkajs from 'kafkajs';
import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import { KafkaModule, Producer } from '../../../lib/index.js';
import type { ContenderName, Job } from './job.js';

/** Publishes so many values, and resolves when all are acknowledged. */
export type Publish = (values: readonly Buffer[]) => Promise<void>;

/** Acknowledged by all in-sync replicas and idempotent, without keys; all else by default. */
export const publishers: Partial<Record<ContenderName, (job: Job) => Promise<Publish>>> = {
  module: startModule,
  send: startSend,
  sendBatch: startSendBatch,
};

/** What a batch of kafkajs has, and what is waited for at a time by callers of the module: each has its own promise. */
const batch = 500;

async function startModule({ brokers, topic }: Job): Promise<Publish> {
  @Module({ imports: [KafkaModule.forRoot({ brokers: [...brokers], autoStart: false })] })
  class Application {}
  const application = await NestFactory.createApplicationContext(Application, { logger: ['error', 'warn'] });
  const producer = application.get(Producer);
  return (values) => inBatches(values, (some) => Promise.all(some.map((value) => producer.publish({ topic, value }))));
}

async function startSend({ brokers, topic }: Job): Promise<Publish> {
  const producer = await connected(brokers);
  return async (values) => {
    for (const value of values) await producer.send({ topic, messages: [{ value }] });
  };
}

async function startSendBatch({ brokers, topic }: Job): Promise<Publish> {
  const producer = await connected(brokers);
  return (values) =>
    inBatches(values, (some) =>
      producer.sendBatch({ topicMessages: [{ topic, messages: some.map((value) => ({ value })) }] }),
    );
}

async function inBatches(
  values: readonly Buffer[],
  publish: (some: readonly Buffer[]) => Promise<unknown>,
): Promise<void> {
  for (let at = 0; at < values.length; at += batch) await publish(values.slice(at, at + batch));
}

async function connected(brokers: readonly string[]): Promise<kafkajs.Producer> {
  const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.ERROR });
  const createPartitioner = kafkajs.Partitioners.DefaultPartitioner;
  const producer = client.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner });
  await producer.connect();
  return producer;
}
