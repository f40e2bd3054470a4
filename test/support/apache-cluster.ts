import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type Admin, type Producer } from 'kafkajs';
import type { GroupSettings } from '../../lib/engine/client/client-settings.js';
import { type ApacheKafka, startApacheKafka } from '../../lib/testing/apache-kafka.js';
import type { ApacheKafkaNode } from '../../lib/testing/apache/node.js';
import { eventually } from './eventually.js';
import { client, idempotentProducer, uniqueName } from './kafka.js';
import { TestMember } from './test-member.js';

const REPLICAS = 3;

/** What brokers keep about groups, in one partition here: who leads it coordinates every group. */
const OFFSETS_TOPIC = '__consumer_offsets';

/** Notices within seconds that a broker is gone, as a cluster that is watched by a spec must. */
const PROPERTIES = {
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
  'group.min.session.timeout.ms': '500',
};

/** Three brokers, any one of which may be away. */
export class TestCluster {
  private readonly topics = new Set<string>([OFFSETS_TOPIC]);

  private constructor(
    private readonly kafka: ApacheKafka,
    private readonly admin: Admin,
  ) {}

  static async start(): Promise<TestCluster> {
    const kafka = await startApacheKafka({ brokers: REPLICAS, properties: PROPERTIES });
    const admin = client(kafka.brokers).admin();
    await admin.connect();
    return new TestCluster(kafka, admin);
  }

  get brokers(): string[] {
    return this.kafka.brokers;
  }

  get nodes(): readonly ApacheKafkaNode[] {
    return this.kafka.nodes;
  }

  /** Creates a topic with a replica on each broker, of which two must have what is acknowledged. */
  async createTopic(numPartitions = 12): Promise<string> {
    const topic = uniqueName('orders');
    const configEntries = [{ name: 'min.insync.replicas', value: '2' }];
    await this.admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: REPLICAS, configEntries }] });
    this.topics.add(topic);
    await this.untilInSync([topic]);
    return topic;
  }

  /** The broker that coordinates every group. There is one once a group has been used. */
  async coordinator(): Promise<ApacheKafkaNode> {
    const { topics } = await this.admin.fetchTopicMetadata({ topics: [OFFSETS_TOPIC] });
    const id = topics[0]?.partitions[0]?.leader;
    const node = this.nodes.find((one) => one.id === id);
    if (!node) throw new Error(`expected one of the brokers to lead ${OFFSETS_TOPIC}, got ${id}`);
    return node;
  }

  /** Waits until every partition has a leader, and every replica all there is. */
  async untilInSync(topics: Iterable<string> = this.topics): Promise<void> {
    await eventually(
      async () => {
        const found = await this.admin.fetchTopicMetadata({ topics: [...topics] });
        const partitions = found.topics.flatMap((topic) => topic.partitions);
        return partitions.every(({ leader, isr }) => leader > 0 && isr.length === REPLICAS);
      },
      { timeoutMs: 45_000, message: 'all replicas to be in sync' },
    );
  }

  /** Ends a broker as in a rolling restart, starts it again, and waits until it has caught up. */
  async bounce(node: ApacheKafkaNode, end: 'stop' | 'kill' = 'stop'): Promise<void> {
    await node[end]();
    await node.start();
    await this.untilInSync();
  }

  async stop(): Promise<void> {
    await this.admin.disconnect();
    await this.kafka.stop();
  }
}

/** Everything there is of a topic, as {@link TestMember.received} names it. */
export async function contentsOf(topic: string, brokers: readonly string[]): Promise<string[]> {
  const ends = await withAdmin(brokers, (admin) => admin.fetchTopicOffsets(topic));
  return ends.flatMap(({ partition, high }) =>
    Array.from({ length: Number(high) }, (_, offset) => `${topic}-${partition}@${offset}`),
  );
}

/** How many records there are of each partition of a topic, and for how many the group has committed: by partition. */
export async function progressOf(
  group: string,
  topic: string,
  brokers: readonly string[],
): Promise<{ records: Record<number, string>; committed: Record<number, string> }> {
  return withAdmin(brokers, async (admin) => {
    const records = await admin.fetchTopicOffsets(topic);
    const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    return {
      records: Object.fromEntries(records.map(({ partition, high }) => [partition, high])),
      committed: Object.fromEntries(found!.partitions.map(({ partition, offset }) => [partition, offset])),
    };
  });
}

/** A group as its coordinator describes it. */
export interface GroupDescription {
  /** `Stable` when all members have what the leader gave them. */
  state: string;

  /** By which name partitions are divided. */
  protocol: string;

  /** What each member has, as `topic-partition`, sorted. */
  shares: string[][];
}

export async function describeGroup(name: string, brokers: readonly string[]): Promise<GroupDescription> {
  const { groups } = await withAdmin(brokers, (admin) => admin.describeGroups([name]));
  const { state, protocol, members } = groups[0]!;
  return { state, protocol, shares: members.map(({ memberAssignment }) => partitionsIn(memberAssignment)) };
}

function partitionsIn(memberAssignment: Buffer): string[] {
  const topics = kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {};
  const named = Object.entries(topics).flatMap(([topic, partitions]) => partitions.map((one) => `${topic}-${one}`));
  return named.sort();
}

async function withAdmin<T>(brokers: readonly string[], use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client([...brokers]).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

/** How long a producer rests between two rounds. */
const ROUND_MS = 5;

/** Writes numbered records to every partition of a topic, round after round, each acknowledged by two brokers or more. */
export class Load {
  /** What was acknowledged, as {@link TestMember.received} names it. */
  readonly acknowledged = new Set<string>();
  private readonly running: Promise<void>;
  private producer: Producer | undefined;
  private stopped = false;
  private number = 0;

  constructor(
    private readonly brokers: readonly string[],
    private readonly topic: string,
    private readonly partitions = 12,
  ) {
    this.running = this.run();
  }

  /** What was acknowledged of these partitions. */
  acknowledgedOf(partitions: readonly string[]): string[] {
    return [...this.acknowledged].filter((place) => partitions.includes(place.slice(0, place.indexOf('@'))));
  }

  /** Waits until so many more records are acknowledged. */
  async goesOn(count = 10 * this.partitions): Promise<void> {
    const enough = this.acknowledged.size + count;
    await eventually(() => this.acknowledged.size >= enough, {
      intervalMs: 5,
      timeoutMs: 45_000,
      message: () => `${enough} acknowledged records, there are ${this.acknowledged.size}`,
    });
  }

  /** Resolves when nothing more will be written. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.writeRound();
      } catch {
        await this.renew(); // an idempotent producer that has missed an answer may be of no more use
      }
      await delay(ROUND_MS);
    }
    await this.renew();
  }

  private async writeRound(): Promise<void> {
    this.producer ??= await idempotentProducer(this.brokers);
    const messages = Array.from({ length: this.partitions }, (_, partition) => ({
      partition,
      value: String(this.number++),
    }));
    const written = await this.producer.send({ topic: this.topic, acks: -1, messages });
    for (const { partition, baseOffset } of written) this.acknowledged.add(`${this.topic}-${partition}@${baseOffset}`);
  }

  private async renew(): Promise<void> {
    await this.producer?.disconnect();
    this.producer = undefined;
  }
}

/** The members of one group that reads one topic. */
export class TestGroup {
  /** Past and present, in the order of their start. */
  readonly members: TestMember[] = [];
  private readonly stopped = new Set<TestMember>();

  constructor(
    private readonly brokers: readonly string[],
    readonly topic: string,
    private readonly settings: Partial<GroupSettings> = {},
    readonly name = uniqueName('group'),
  ) {}

  start(settings: Partial<GroupSettings> = {}): TestMember {
    const own = { group: this.name, topics: [this.topic] };
    const member = TestMember.start(this.brokers, { ...own, ...this.settings, ...settings });
    this.members.push(member);
    return member;
  }

  /** Stops a member as an application does that shuts down. */
  async stop(member: TestMember): Promise<void> {
    this.stopped.add(member);
    await member.stop();
  }

  /** Those that are not stopped, in the order of their start. */
  get live(): TestMember[] {
    return this.members.filter((member) => !this.stopped.has(member));
  }

  /** What all members were handed, twice if it came twice. */
  get received(): string[] {
    return this.members.flatMap(({ received }) => received);
  }

  get duplicates(): string[] {
    return duplicatesIn(this.received);
  }

  /** All that members were told of a kind (`revoked`, `lost`), in the order of the members. */
  events(kind: string): string[] {
    return this.members.flatMap(({ events }) => events.filter((event) => event.startsWith(kind)));
  }

  /** Waits until the live members own so many partitions each. */
  async shares(...counts: number[]): Promise<void> {
    await eventually(() => this.live.map(({ owned }) => owned.size).join() === counts.join(), {
      intervalMs: 5,
      message: () => `${counts.join()} partitions each: ${JSON.stringify(this.live.map(({ events }) => events))}`,
    });
  }

  /** Waits until the members were handed all of these. */
  async receives(places: Iterable<string>): Promise<void> {
    const wanted = [...places];
    await eventually(() => missingOf(wanted, this.received).length === 0, {
      message: () => `all of ${wanted.length} records; missing: ${missingOf(wanted, this.received).join()}`,
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.client.close(1000)));
  }
}

/** Those that came before. */
export function duplicatesIn(places: readonly string[]): string[] {
  const seen = new Set<string>();
  return places.filter((place) => seen.size === seen.add(place).size);
}

export function missingOf(wanted: readonly string[], places: Iterable<string>): string[] {
  const found = new Set(places);
  return wanted.filter((place) => !found.has(place));
}
