import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { withDefaults } from '../../../lib/config/kafka-defaults.js';
import { connectionSettings, groupSettings } from '../../../lib/connection/client-settings.js';
import { GroupClient } from '../../../lib/engine/client/group-client.js';
import type { ContenderName } from './job.js';

/** What both contenders hand out has at least this. */
export interface TakenRecord {
  readonly offset: number | string;
  readonly value: Buffer | null;
}

export interface ConsumerSetup {
  brokers: string[];
  topics: string[];

  /** Of kafkajs; the bare port commits nothing by itself. */
  autoCommit: boolean;

  take(records: readonly TakenRecord[]): void;
}

/** Leaves the group and disconnects. */
export type Close = () => Promise<void>;

/** Start as a new group from the beginning, all settings at their defaults. */
export const contenders: Record<ContenderName, (setup: ConsumerSetup) => Close> = {
  port: startPort,
  kafkajs: startKafkajs,
};

const closeMs = 5_000;

const logger = {
  debug: () => {},
  log: () => {},
  warn: (message: string) => console.error(message),
  error: (message: string) => console.error(message),
};

function startPort({ brokers, topics, take }: ConsumerSetup): Close {
  const settings = withDefaults({ brokers, startFromBeginning: true });
  const listener = {
    assigned: () => {},
    records: (_: unknown, records: readonly TakenRecord[]) => take(records),
    revoked: () => Promise.resolve(),
    repositioned: () => {},
    lost: () => {},
  };
  const group = groupSettings(settings, `benchmark-${randomUUID()}`, topics);
  const client = new GroupClient(connectionSettings(settings), group, listener, logger);
  client.run().catch(fail);
  return () => client.close(closeMs);
}

function startKafkajs({ brokers, topics, autoCommit, take }: ConsumerSetup): Close {
  const client = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.ERROR });
  const consumer = client.consumer({ groupId: `benchmark-${randomUUID()}` });
  const run = async (): Promise<void> => {
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({ autoCommit, eachBatch: async ({ batch }) => take(batch.messages) });
  };
  run().catch(fail);
  return () => consumer.disconnect();
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}
