import type { EngineLogger } from '../../logger.js';
import { errorFields, placeFields } from '../../log-fields.js';
import type { SenderSettings } from '../client-settings.js';
import type { Cluster } from '../connection/cluster.js';
import { RepeatedLog } from '../repeated-log.js';
import { BrokerSender, type SenderListener } from './broker-sender.js';
import type { PartitionQueue } from './partition-queue.js';
import type { PendingRecord } from './pending-record.js';
import type { ProducerIdentity } from './producer-identity.js';
import { Routes } from './routes.js';

/** Takes each record to its partition's broker: in order, stored once, and until its deadline. */
export class RecordSender implements SenderListener {
  isHurried = false;
  private readonly routes: Routes;
  private readonly log: RepeatedLog;

  /** By the node id of the broker. */
  private readonly senders = new Map<number, BrokerSender>();
  private closed = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly identity: ProducerIdentity,
    private readonly settings: SenderSettings,
    logger: EngineLogger,
  ) {
    this.log = new RepeatedLog(logger);
    const found = (partition: PartitionQueue, bytes: number): void => this.offer(partition, bytes);
    this.routes = new Routes(cluster, settings.deliveryTimeoutMs, found, logger);
  }

  add(record: PendingRecord): void {
    this.routes.add(record);
  }

  /** Lets nothing linger until told otherwise. */
  hurry(isHurried: boolean): void {
    this.isHurried = isHurried;
    if (isHurried) this.senders.forEach((sender) => sender.hurry());
  }

  settled(partition: PartitionQueue): void {
    if (partition.isReady) this.offer(partition, 0);
  }

  failed(partition: PartitionQueue, reason: Error): void {
    if (this.closed) return;
    this.log.warn(`Publishing to ${partition.name} failed, trying again: ${reason.message}`, {
      event: 'publish-failed',
      ...placeFields(partition),
      ...errorFields(reason),
    });
    this.routes.relocate(partition);
  }

  close(): void {
    this.closed = true;
    this.routes.close();
    this.senders.forEach((sender) => sender.close());
  }

  private offer(partition: PartitionQueue, bytes: number): void {
    const { leader } = partition;
    if (leader === undefined) this.routes.relocate(partition);
    else this.senderTo(leader).offer(partition, bytes);
  }

  private senderTo(node: number): BrokerSender {
    const known = this.senders.get(node);
    if (known) return known;
    const sender = new BrokerSender(node, this.cluster, this.identity, this.settings, this);
    this.senders.set(node, sender);
    return sender;
  }
}
