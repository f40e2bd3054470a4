import { byTopic } from '../connection/by-topic.js';
import type { BrokerAddress } from '../connection/broker-link.js';
import type { Cluster, InitProducerIdResponse } from '../connection/cluster.js';
import type { ApiName } from '../connection/kafkajs-internals.js';
import { ErrorCode, isCoordinatorMoved, throwOnError } from '../connection/protocol-errors.js';
import type { TopicPartition } from '../consumer-client.js';
import type { ProducerId } from '../produce/producer-identity.js';
import { patiently } from './patiently.js';

/** What brokers give a transaction until they abort it; ours ends before. Java's default. */
const transactionTimeoutMs = 60_000;

interface AddPartitionsResponse {
  errors: { topic: string; partitionErrors: { partition: number; errorCode: number }[] }[];
}

/**
 * The broker that keeps the transactions of a transactional id. Each request is repeated until it is answered well or its
 * deadline, by the clock of `performance`, is over: all of them may be (KIP-98).
 */
export class TransactionCoordinator {
  private address: BrokerAddress | undefined;

  /** @param patienceMs what a broker has for an answer before another is looked for */
  constructor(
    private readonly cluster: Cluster,
    private readonly transactionalId: string,
    private readonly patienceMs: number,
  ) {}

  /** Ends what the last producer of the id has begun, one way or the other, and fences it off. */
  async init(deadline: number): Promise<ProducerId> {
    const args = { transactionTimeout: transactionTimeoutMs };
    const { producerId, producerEpoch } = await this.request<InitProducerIdResponse>('InitProducerId', args, deadline);
    return { producerId: Number(producerId), epoch: producerEpoch };
  }

  /** The transaction is to hold positions of a group. */
  async addOffsets(id: ProducerId, groupId: string, deadline: number): Promise<void> {
    await this.request('AddOffsetsToTxn', { ...named(id), groupId }, deadline);
  }

  /** The transaction is to hold records of partitions. */
  async addPartitions(id: ProducerId, partitions: readonly TopicPartition[], deadline: number): Promise<void> {
    const topics = byTopic(partitions, ({ partition }) => partition);
    await this.request<AddPartitionsResponse>('AddPartitionsToTxn', { ...named(id), topics }, deadline, firstError);
  }

  async end(id: ProducerId, isCommitted: boolean, deadline: number): Promise<void> {
    await this.request('EndTxn', { ...named(id), transactionResult: isCommitted }, deadline);
  }

  private request<T = { errorCode: number }>(
    api: ApiName,
    args: object,
    deadline: number,
    errorOf = (answer: T): number => (answer as { errorCode: number }).errorCode,
  ): Promise<T> {
    return patiently(deadline, async () => {
      const answer = await this.ask<T>(api, args);
      const errorCode = errorOf(answer);
      if (isCoordinatorMoved(errorCode)) this.address = undefined;
      throwOnError(errorCode, `${api} of transactional id "${this.transactionalId}"`);
      return answer;
    });
  }

  private async ask<T>(api: ApiName, args: object): Promise<T> {
    this.address ??= await this.cluster.findCoordinator(this.transactionalId, 'transaction');
    const request = { transactionalId: this.transactionalId, ...args };
    try {
      return await this.cluster.within<T>(this.patienceMs, this.address, 'transactions', api, request);
    } catch (error) {
      this.address = undefined;
      throw error;
    }
  }
}

function named({ producerId, epoch }: ProducerId): { producerId: string; producerEpoch: number } {
  return { producerId: String(producerId), producerEpoch: epoch };
}

function firstError({ errors }: AddPartitionsResponse): number {
  const failed = errors.flatMap(({ partitionErrors }) => partitionErrors).filter(({ errorCode }) => errorCode !== 0);
  return failed[0]?.errorCode ?? ErrorCode.None;
}
