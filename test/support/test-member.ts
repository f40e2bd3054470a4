import type { GroupSettings } from '../../lib/engine/client/client-settings.js';
import {
  partitionName,
  type CommittedPosition,
  type ConsumedRecord,
  type ConsumerClientListener,
  type PartitionPosition,
  type TopicPartition,
} from '../../lib/engine/client/consumer-client.js';
import { GroupClient } from '../../lib/engine/client/group-client.js';
import { eventually } from './eventually.js';
import { RecordingLogger } from './recording-logger.js';

/** A group client on a broker, without an engine: it keeps what it was told, and commits what it was handed. */
export class TestMember implements ConsumerClientListener {
  /** `assigned orders-0@5`, `revoked orders-0`, `lost orders-0`, `repositioned orders-0@7`; in order. */
  readonly events: string[] = [];

  /** `orders-0@5` for each record, in order. */
  readonly received: string[] = [];
  readonly owned = new Map<string, PartitionPosition>();
  readonly logger = new RecordingLogger();
  readonly client: GroupClient;

  /** When each record came, in ms since 1970, by place. */
  readonly receivedAt = new Map<string, number>();

  /** Called with every assignment, before anything of it is read. */
  whenAssigned: () => void = () => undefined;

  /** What giving partitions up takes, before they are committed. */
  draining: () => Promise<void> = () => Promise.resolve();

  /** Why the client has ended; `undefined` for a close. */
  readonly ended: Promise<Error | undefined>;

  private failure: Error | undefined;

  private constructor(brokers: readonly string[], settings: Partial<GroupSettings>) {
    const group = { ...defaults, ...settings };
    const timing = { connectionTimeoutMs: 2000, requestTimeoutMs: group.requestTimeoutMs };
    this.client = new GroupClient(
      { brokers: [...brokers], clientId: 'test-member', ssl: false, sasl: undefined, ...timing },
      group,
      this,
      this.logger,
    );
    this.ended = this.client.run().then(
      () => undefined,
      (error: Error) => (this.failure = error),
    );
  }

  /** Joins group `group` and reads topic `orders` from its beginning, unless told otherwise. */
  static start(brokers: readonly string[], settings: Partial<GroupSettings> = {}): TestMember {
    return new TestMember(brokers, settings);
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  /** Of the last assignment: `orders-0`, sorted. */
  get partitions(): string[] {
    return [...this.owned.keys()].sort();
  }

  assigned(positions: readonly CommittedPosition[]): void {
    for (const { topic, partition, offset } of positions) {
      this.owned.set(partitionName({ topic, partition }), { topic, partition, offset });
    }
    this.tell('assigned', positions, ({ offset }) => `@${offset}`);
    this.whenAssigned();
  }

  records(partition: TopicPartition, records: readonly ConsumedRecord[], next: number): void {
    const position = this.owned.get(partitionName(partition));
    if (!position) throw new Error(`Records of ${partitionName(partition)}, which is not owned`);
    for (const record of records) {
      const place = `${partitionName(record)}@${record.offset}`;
      this.received.push(place);
      this.receivedAt.set(place, Date.now());
    }
    position.offset = next;
  }

  repositioned(position: PartitionPosition): void {
    this.owned.set(partitionName(position), position);
    this.tell('repositioned', [position], ({ offset }) => `@${offset}`);
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    this.tell('revoked', partitions);
    await this.draining();
    await this.commit(partitions).catch((error: Error) => this.events.push(error.message));
    this.drop(partitions);
  }

  lost(partitions: readonly TopicPartition[]): void {
    this.tell('lost', partitions);
    this.drop(partitions);
  }

  /** Commits all that was handed out of these partitions, of all without an argument. */
  commit(partitions: readonly TopicPartition[] = [...this.owned.values()]): Promise<void> {
    return this.client.commit(partitions.flatMap((partition) => this.owned.get(partitionName(partition)) ?? []));
  }

  /** Commits and leaves, as an application does that shuts down. */
  async stop(): Promise<void> {
    this.client.stopFetching();
    await this.commit().catch((error: Error) => this.events.push(error.message));
    await this.client.close(5000);
  }

  private get state(): string {
    const reason = this.failure ? `; ended: ${this.failure.message}` : '';
    return `events ${JSON.stringify(this.events)}; ${this.logger.at('warn').join('; ')}${reason}`;
  }

  /** Waits for an event that has the text, counting from the given one on. */
  async until(text: string, from = 0): Promise<void> {
    await eventually(() => this.events.slice(from).some((event) => event.includes(text)), {
      intervalMs: 5,
      message: () => `an event with "${text}"; ${this.state}`,
    });
  }

  /** Waits until it owns so many partitions. */
  async owns(count: number): Promise<void> {
    await eventually(() => this.owned.size === count, {
      intervalMs: 5,
      message: () => `${count} partitions; ${this.state}`,
    });
  }

  /** Waits until it was handed so many records. */
  async receives(count: number): Promise<void> {
    await eventually(() => this.received.length >= count, {
      intervalMs: 5,
      message: () => `${count} records, got ${this.received.join()}; ${this.state}`,
    });
  }

  private drop(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.owned.delete(partitionName(partition));
  }

  private tell<T extends TopicPartition>(what: string, partitions: readonly T[], suffix = (_: T) => ''): void {
    const names = partitions.map((partition) => partitionName(partition) + suffix(partition)).sort();
    this.events.push(`${what} ${names.join()}`);
  }
}

const defaults: GroupSettings = {
  group: 'group',
  topics: ['orders'],
  groupInstanceId: undefined,
  assignors: ['cooperative-sticky'],
  leaveOnStop: true,
  startFromBeginning: true,
  sideTopics: () => [],
  isTransactional: false,
  createTopics: false,
  sessionTimeoutMs: 10_000,
  heartbeatIntervalMs: 200,
  rebalanceTimeoutMs: 10_000,
  requestTimeoutMs: 10_000,
  rackId: undefined,
  fetch: {
    minBytes: 1,
    maxBytes: 10_485_760,
    maxBytesPerPartition: 1_048_576,
    maxWaitMs: 5000,
    maxBufferedBytes: 52_428_800,
    checkCrcs: false,
  },
};
