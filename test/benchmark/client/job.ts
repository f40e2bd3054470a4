/** Who is measured: this package's client without the engine above it, the whole module, or kafkajs's consumer. */
export type ContenderName = 'port' | 'module' | 'kafkajs';

/** What is done with each record: parse its value, look at its value, or look at no more than its offset. */
export type Work = 'parse' | 'value' | 'offset';

/** What a child process measures. */
export type Task = 'consume' | 'close' | 'first' | 'rest' | 'move';

/** One sample, as its child process is told. */
export interface Job {
  task: Task;
  contender: ContenderName;
  brokers: readonly string[];

  /** Read from their beginning, by a new group. */
  topics: readonly string[];

  /** How many there are of them. */
  records: number;
  work: Work;
}
