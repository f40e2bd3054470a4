import { randomUUID } from 'node:crypto';
import { withDefaults } from '../../../lib/config/kafka-defaults.js';
import { connectionSettings, groupSettings } from '../../../lib/connection/client-settings.js';
import { GroupClient } from '../../../lib/engine/client/group-client.js';
import { GroupConsumer } from '../../../lib/engine/group-consumer.js';
import type { HandlerBinding } from '../../../lib/engine/handler-binding.js';
import { classify } from '../../../lib/engine/recovery/classify.js';
import { json } from '../../../lib/messaging/formats.js';
import type { Close, Handle, Job } from './job.js';

const logger = { debug: () => {}, log: () => {}, warn: console.error, error: console.error };

/** The engine without Nest. */
export async function startEngine({ brokers, topic, order, concurrency }: Job, handle: Handle): Promise<Close> {
  const group = `benchmark-${randomUUID()}`;
  const settings = withDefaults({ brokers: [...brokers], group, startFromBeginning: true, concurrency });
  const binding: HandlerBinding = {
    name: 'Handlers.handle',
    order,
    deserializerOf: () => json,
    classify,
    retry: { ...settings.retry, maxAttempts: Infinity },
    retryTopics: [],
    onExhausted: 'retry',
    handle: ({ payload, key }) => handle(payload, key),
  };
  const routes = (): HandlerBinding[] => [binding];
  const membership = groupSettings(settings, group, [topic], routes);
  const unused = (): never => {
    throw new Error('nothing is published');
  };
  const consumer = new GroupConsumer(
    { ...settings, group, silenceLimitMs: 60_000 },
    routes,
    {
      member: (listener) => new GroupClient(connectionSettings(settings), membership, listener, logger),
      publisher: unused,
      transactions: unused,
    },
    logger,
  );
  await consumer.start();
  return () => consumer.stop();
}
