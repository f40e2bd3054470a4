import type { ProcessingOrder } from '../../../lib/index.js';

/** This module with something bound to its handler or watching it, or its engine without it. */
export type Variant =
  | 'engine'
  | 'guard'
  | 'interceptor'
  | 'dto'
  | 'batch'
  | 'publishTo'
  | 'transactional'
  | 'unobserved'
  | 'observer'
  | 'metrics'
  | 'traces'
  | 'unsampled';

/** Who is measured: this module, kafkajs's consumer or producer in their two ways, or the Kafka transport of @nestjs/microservices. */
export type ContenderName = 'module' | Variant | 'eachBatch' | 'eachMessage' | 'send' | 'sendBatch' | 'microservices';

/** What a child process measures. */
export type Task = 'consume' | 'cpu' | 'parallel' | 'latency' | 'memory' | 'lifecycle' | 'publish';

/** One sample, as its child process is told. */
export interface Job {
  task: Task;
  contender: ContenderName;
  brokers: readonly string[];

  /** Read from its beginning, by a new group, or published to. */
  topic: string;

  /** How many are measured. */
  records: number;

  /** What a handler takes, at least and at most; 0 for one that returns at once. */
  handlerMs: readonly [least: number, most: number];

  /** Of the module; the others have a partition at a time for each of {@link partitionsAtATime}. */
  order: ProcessingOrder;
  concurrency: number;
  partitionsAtATime: number;
}

/** Gets each record's parsed value, and its key. Without a promise where nothing is waited for. */
export type Handle = (payload: unknown, key: Buffer | null) => Promise<void> | void;

/** Leaves the group and disconnects. */
export type Close = () => Promise<void>;
