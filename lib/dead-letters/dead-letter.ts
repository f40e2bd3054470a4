import type { DeadLetter as StoredDeadLetter } from '../engine/redrive/dead-letter.js';
import { KafkaMessage } from '../engine/decode/kafka-message.js';
import type { Message } from '../messaging/message.js';

/**
 * A message that was given up on, as it lies in its dead-letter topic.
 *
 * @publicApi
 */
export interface DeadLetter {
  topic: string;
  partition: number;

  /** Decimal string, see `Message.offset`. */
  offset: string;

  /** When it was given up on. */
  timestamp: Date;

  /** Where it was first read from. */
  original: { topic: string; partition: number; offset: string; timestamp: Date };

  /** Who gave it up. */
  group: string;
  handler: string;
  attempts: number;
  error: string;
  errorClass: string;
  errorStack: string;

  /** How often it was redriven before. */
  redrives: number;

  /** As it was: bytes, its own headers, and its payload decoded on demand. */
  message: Message;
}

export function toDeadLetter(letter: StoredDeadLetter): DeadLetter {
  const { record, headers, group, handler, attempts, error, errorClass, errorStack, redrives } = letter;
  const original = {
    topic: letter.originalTopic,
    partition: letter.originalPartition,
    offset: letter.originalOffset,
    timestamp: letter.originalTimestamp,
  };
  const { key, value, size } = record;
  const place = { ...original, offset: Number(original.offset), timestamp: original.timestamp.getTime() };
  const { topic, partition, offset, timestamp } = record;
  return {
    topic,
    partition,
    offset: String(offset),
    timestamp: new Date(timestamp),
    original,
    ...{ group, handler, attempts, error, errorClass, errorStack, redrives },
    message: new KafkaMessage({ ...place, key, value, headers, size, detach: () => undefined }),
  };
}
