import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import kafkajs from 'kafkajs';
import { withDefaults } from '../../../lib/config/kafka-defaults.js';
import { connectionSettings, groupSettings } from '../../../lib/connection/client-settings.js';
import type { ConsumerClientListener } from '../../../lib/engine/client/consumer-client.js';
import { GroupClient } from '../../../lib/engine/client/group-client.js';
import { KafkaModule, MessageHandler, type Message } from '../../../lib/index.js';
import type { ContenderName } from './job.js';

/** What both contenders hand out has at least this. */
export interface TakenRecord {
  readonly offset: number | string;
  readonly value: Buffer | null;
}

export interface ConsumerSetup {
  brokers: string[];
  topics: string[];

  /** @default a new one */
  group?: string;

  /** The bare port commits nothing by itself. */
  autoCommit: boolean;

  take(records: readonly TakenRecord[], partition: number): void;
}

/** Leaves the group and disconnects. */
export type Close = () => Promise<void>;

/** Start from the beginning, or from what the group has committed; all settings at their defaults. */
export const contenders: Record<ContenderName, (setup: ConsumerSetup) => Close> = {
  port: startPort,
  module: startModule,
  kafkajs: startKafkajs,
};

const closeMs = 5_000;

const logger = {
  debug: () => {},
  log: () => {},
  warn: (message: string) => console.error(message),
  error: (message: string) => console.error(message),
};

function startPort({ brokers, topics, group = newGroup(), take }: ConsumerSetup): Close {
  const settings = withDefaults({ brokers, startFromBeginning: true });
  const listener: ConsumerClientListener = {
    prepare: () => Promise.resolve(),
    assigned: () => {},
    records: ({ partition }, records) => take(records, partition),
    revoked: () => Promise.resolve(),
    repositioned: () => {},
    lost: () => {},
  };
  const membership = groupSettings(settings, group, topics, () => []);
  const client = new GroupClient(connectionSettings(settings), membership, listener, logger);
  client.run().catch(fail);
  return () => client.close(closeMs);
}

function startModule({ brokers, topics, group = newGroup(), autoCommit, take }: ConsumerSetup): Close {
  class Handlers {
    @MessageHandler(topics)
    handle(message: Message): void {
      take([message], message.partition);
    }
  }
  @Module({
    imports: [KafkaModule.forRoot({ brokers, group, autoCommit, startFromBeginning: true })],
    providers: [Handlers],
  })
  class Application {}
  const starting = NestFactory.createApplicationContext(Application, { logger: ['error', 'warn'] });
  starting.catch(fail);
  return async () => (await starting).close();
}

function startKafkajs({ brokers, topics, group = newGroup(), autoCommit, take }: ConsumerSetup): Close {
  const client = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.ERROR });
  const consumer = client.consumer({ groupId: group });
  const run = async (): Promise<void> => {
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({ autoCommit, eachBatch: async ({ batch }) => take(batch.messages, batch.partition) });
  };
  run().catch(fail);
  return () => consumer.disconnect();
}

export function newGroup(): string {
  return `benchmark-${randomUUID()}`;
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}
