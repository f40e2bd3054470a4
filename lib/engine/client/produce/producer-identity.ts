import type { TopicPartition } from '../consumer-client.js';

/** What brokers know a producer by. */
export interface ProducerId {
  readonly producerId: number;
  readonly epoch: number;
}

/** In whose name records are written. */
export interface ProducerIdentity {
  /** `null` outside of transactions. */
  readonly transactionalId: string | null;

  /** @throws when there is none now */
  current(): Promise<ProducerId>;

  /** Nobody is to begin with this producer id any more. */
  forget(producerId: number): void;

  /**
   * To be waited for before something is written to partitions.
   *
   * @throws when they may not be written to
   */
  enlist(partitions: readonly TopicPartition[]): Promise<void>;
}
