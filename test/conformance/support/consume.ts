import { type KafkaMessage } from 'kafkajs';
import { createClient, type Target, unique } from './target.js';

export interface Consumed {
  partition: number;
  offset: string;
  timestamp: string;
  key: string | null;
  value: string | null;
  headers: KafkaMessage['headers'];
}

/** Consumes a topic from its beginning with a group of its own until it has so many messages. */
export async function consumeAll(target: Target, topic: string, count: number, readUncommitted = false) {
  const consumer = createClient(target).consumer({ groupId: unique('reader'), readUncommitted, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const consumed: Consumed[] = [];
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`expected ${count} messages in ${topic}, got ${consumed.length}`)),
      30_000,
    );
    const eachMessage = async ({ partition, message }: { partition: number; message: KafkaMessage }) => {
      consumed.push(toConsumed(partition, message));
      if (consumed.length < count) return;
      clearTimeout(timer);
      resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return consumed;
}

function toConsumed(partition: number, { offset, timestamp, key, value, headers }: KafkaMessage): Consumed {
  return { partition, offset, timestamp, key: key && String(key), value: value && String(value), headers };
}
