import type { SenderSettings } from '../client-settings.js';
import type { Cluster } from '../connection/cluster.js';
import type { ProtocolError } from '../connection/kafkajs-internals.js';
import { describe } from '../connection/protocol-errors.js';
import { partitionName } from '../consumer-client.js';
import type { Batch } from './batch.js';
import type { PartitionQueue } from './partition-queue.js';
import { produceDefinition, type ProduceResponse } from './produce-request.js';
import type { ProducerId, ProducerIdentity } from './producer-identity.js';
import { isFenced, verdictOn } from './verdict.js';

/** Who is to know what became of a request. */
export interface SenderListener {
  /** Whether nothing is to linger now. */
  readonly isHurried: boolean;

  /** A partition is free to be sent to again. */
  settled(partition: PartitionQueue): void;

  /** It is to be sent to again, wherever its broker is. */
  failed(partition: PartitionQueue, reason: Error): void;
}

interface Sending {
  partition: PartitionQueue;
  batch: Batch;
}

/** Takes the records of partitions to the broker that leads them: of all at once, and one request at a time. */
export class BrokerSender {
  /** In the order in which they are served: what has no room is first the next time. */
  private readonly partitions = new Set<PartitionQueue>();
  private waitingBytes = 0;

  /** Whether the last request had no room for all. */
  private hasMore = false;
  private dueAt: number | undefined;
  private isBusy = false;
  private closed = false;
  private timer: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;

  constructor(
    private readonly node: number,
    private readonly cluster: Pick<Cluster, 'requestWithin'>,
    private readonly identity: ProducerIdentity,
    private readonly settings: SenderSettings,
    private readonly listener: SenderListener,
  ) {}

  /** @param bytes what was added to the partition */
  offer(partition: PartitionQueue, bytes: number): void {
    this.waitingBytes += bytes; // also behind a batch under way: it lingers, and fills the next request
    const due = performance.now() + (partition.failures > 0 ? 0 : this.settings.lingerMs); // a repeat has lingered before
    this.dueAt = Math.min(this.dueAt ?? due, due);
    if (!partition.isReady) return;
    this.partitions.add(partition);
    this.schedule();
  }

  /** Sends what lingers. */
  hurry(): void {
    if (this.partitions.size > 0) this.schedule();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
  }

  /** At the end of this turn of the event loop at the earliest, so that all that is published in it goes together. */
  private schedule(): void {
    if (this.isBusy || this.closed || this.immediate) return;
    const isFull = this.hasMore || this.waitingBytes >= this.settings.maxRequestBytes;
    const delay = isFull || this.listener.isHurried ? 0 : (this.dueAt ?? 0) - performance.now();
    if (delay > 0) this.timer ??= setTimeout(() => this.awake(), delay);
    else this.immediate = setImmediate(() => void this.send());
  }

  private awake(): void {
    this.timer = undefined;
    if (this.partitions.size > 0) this.schedule();
  }

  /** Never rejects. */
  private async send(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = this.immediate = this.dueAt = undefined;
    this.isBusy = true;
    this.waitingBytes = 0;
    this.hasMore = false;
    await this.identity.current().then(
      (id) => this.sendAs(id),
      (error: Error) => this.withoutId(error),
    );
    this.isBusy = false;
    if (this.partitions.size > 0) this.schedule();
  }

  /** Never rejects. */
  private async sendAs(id: ProducerId): Promise<void> {
    const sendings = this.collect();
    if (sendings.length === 0) return;
    await this.request(sendings, id).then(
      (answer) => this.settle(sendings, answer),
      (error: Error) => this.unanswered(sendings, error),
    );
  }

  private collect(): Sending[] {
    const now = performance.now();
    const sendings: Sending[] = [];
    let room = this.settings.maxRequestBytes;
    for (const partition of this.partitions) {
      partition.expire(now);
      const batch = partition.leader === this.node ? partition.take(room, sendings.length === 0) : undefined;
      this.hasMore ||= !partition.isEmpty;
      if (!batch && partition.leader === this.node && partition.isReady) break;
      this.partitions.delete(partition);
      if (!batch) this.listener.settled(partition);
      else sendings.push({ partition, batch });
      room -= batch?.size ?? 0;
    }
    return sendings;
  }

  private async request(sendings: readonly Sending[], id: ProducerId): Promise<ProduceResponse> {
    const { transactionalId } = this.identity;
    await this.identity.enlist(sendings.map(({ partition }) => partition));
    const batches = await Promise.all(
      sendings.map(async ({ partition, batch }) => {
        const bytes = await batch.encode(partition.signature(id), transactionalId !== null);
        return { topic: partition.topic, partition: partition.partition, bytes };
      }),
    );
    const deadline = Math.min(...sendings.map(({ batch }) => batch.deadline));
    const timeoutMs = Math.max(1, Math.min(this.settings.requestTimeoutMs, deadline - performance.now()));
    const definition = produceDefinition(batches, timeoutMs, transactionalId);
    return this.cluster.requestWithin<ProduceResponse>(timeoutMs, this.node, 'Produce', definition, 'produce');
  }

  private settle(sendings: readonly Sending[], { results }: ProduceResponse): void {
    const byName = new Map(results.map((result) => [partitionName(result), result]));
    for (const sending of sendings) {
      const result = byName.get(sending.partition.name);
      if (result) this.decide(sending, result.errorCode, result.baseOffset);
      else this.unanswered([sending], new Error(`The broker's answer has nothing of ${sending.partition.name}`));
    }
  }

  private decide({ partition, batch }: Sending, errorCode: number, baseOffset: number): void {
    const verdict = verdictOn(errorCode, batch.records.length, this.identity.transactionalId !== null);
    if (verdict === 'again' || verdict === 'renew') {
      batch.inDoubt = verdict === 'again';
      if (verdict === 'renew') this.renew(partition, errorCode);
      const reason = describe(errorCode, partition.name);
      partition.failed(batch, reason);
      return this.listener.failed(partition, reason);
    }
    if (verdict === 'stored') partition.stored(batch, baseOffset);
    else if (verdict === 'split') partition.split(batch);
    else partition.refuse(batch, describe(errorCode, partition.name));
    this.listener.settled(partition);
  }

  private renew(partition: PartitionQueue, errorCode: number): void {
    const useless = partition.renew(isFenced(errorCode));
    if (useless !== undefined) this.identity.forget(useless);
  }

  private unanswered(sendings: readonly Sending[], reason: Error): void {
    for (const { partition, batch } of sendings) {
      batch.inDoubt = true;
      partition.failed(batch, reason);
      this.listener.failed(partition, reason);
    }
  }

  /** Nothing was sent. */
  private withoutId(reason: Error): void {
    const isFinal = (reason as Partial<ProtocolError>).retriable === false;
    for (const partition of this.partitions) {
      this.partitions.delete(partition);
      if (isFinal) partition.refuseAll(reason);
      else {
        partition.failed(undefined, reason);
        partition.expire(performance.now()); // before each request it is looked at, but there is none
        this.listener.failed(partition, reason);
      }
    }
  }
}
