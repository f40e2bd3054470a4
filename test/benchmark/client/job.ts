/** Who is measured: this package's consumer without an engine above it, or kafkajs's own. */
export type ContenderName = 'port' | 'kafkajs';

/** What is done with each record: parse its value, look at its value, or look at no more than its offset. */
export type Work = 'parse' | 'value' | 'offset';

/** What a child process measures. */
export type Task = 'consume' | 'close' | 'first' | 'rest';

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

/** What came of a sample, by the name of the figure. */
export type Figures = Record<string, number>;
