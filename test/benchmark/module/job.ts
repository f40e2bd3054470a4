import type { ProcessingOrder } from '../../../lib/index.js';

/** Who is measured: this module, kafkajs's consumer in its two ways, or the Kafka transport of @nestjs/microservices. */
export type ContenderName = 'module' | 'eachBatch' | 'eachMessage' | 'microservices';

/** What a child process measures. */
export type Task = 'consume' | 'parallel' | 'latency' | 'memory' | 'lifecycle';

/** One sample, as its child process is told. */
export interface Job {
  task: Task;
  contender: ContenderName;
  brokers: readonly string[];

  /** Read from its beginning, by a new group. */
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
