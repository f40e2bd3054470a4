import type { ICustomPartitioner, Message, PartitionerArgs } from 'kafkajs';
import { CompressionTypes, Partitioners } from './connection/kafkajs-internals.js';
import type { OutgoingRecord } from './record-publisher.js';

/** A message for a topic, as kafkajs takes it. */
export interface Outgoing {
  topic: string;
  message: HintedMessage;
}

/** kafkajs hands a message to the partitioner as it came. */
interface HintedMessage extends Message {
  preferredPartition?: number | undefined;
}

/** A partition once chosen stays: a retry that chose anew could store a message twice. */
export const hintedPartitioner: ICustomPartitioner = () => {
  const choose = Partitioners.DefaultPartitioner();
  return (args) => (args.message.partition ??= preferred(args) ?? choose(args));
};

function preferred({ message, partitionMetadata }: PartitionerArgs): number | undefined {
  const { preferredPartition } = message as HintedMessage;
  return partitionMetadata.find(({ partitionId }) => partitionId === preferredPartition)?.partitionId;
}

/** A repeated header is an array in kafkajs, and it has none that are null: they become empty. */
export function asItStands({ key, value, headers, preferredPartition }: OutgoingRecord): HintedMessage {
  const byName = Object.create(null) as Record<string, Buffer[]>;
  for (const [name, bytes] of headers) (byName[name] ??= []).push(bytes ?? Buffer.alloc(0));
  return { key, value, headers: byName, preferredPartition };
}

export function byTopic(outgoing: readonly Outgoing[]): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const { topic, message } of outgoing) {
    const messages = topics.get(topic);
    if (messages) messages.push(message);
    else topics.set(topic, [message]);
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

const tooLarge: ReadonlySet<unknown> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

export function compressionOf(compressed: boolean): number {
  return compressed ? CompressionTypes.GZIP : CompressionTypes.None;
}

/** Whether a broker has refused what was sent for its size. */
export function isTooLarge(error: unknown): boolean {
  return hasType(error, tooLarge);
}

const notWritable: ReadonlySet<unknown> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'TOPIC_AUTHORIZATION_FAILED',
  'INVALID_TOPIC_EXCEPTION',
]);

/** Whether a topic is not there, or may not be written. */
export function isNotWritable(error: unknown): boolean {
  return hasType(error, notWritable);
}

/** kafkajs wraps the protocol's errors, sometimes more than once. */
export function hasType(error: unknown, types: ReadonlySet<unknown>): boolean {
  if (!(error instanceof Error)) return false;
  return types.has((error as { type?: unknown }).type) || hasType(error.cause, types);
}
