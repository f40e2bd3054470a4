import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { contentsOf, duplicatesIn, Load, missingOf, TestGroup } from '../../support/apache-cluster.js';
import { eventually } from '../../support/eventually.js';
import { type JavaAssignor, type JavaConsumer, startJavaConsumer } from '../../support/java-consumer.js';
import { brokers, createTopic, uniqueName } from '../../support/kafka.js';

const partitions = 12;
let topic: string;
let load: Load;
let ours: TestGroup;
let java: JavaConsumer[];

beforeEach(async () => {
  topic = await createTopic(uniqueName('shared'), partitions);
  load = new Load(brokers(), topic, partitions);
  ours = new TestGroup(brokers(), topic);
  java = [];
});

afterEach(async () => {
  await load.stop();
  await Promise.all(java.map((consumer) => consumer.kill()));
  await ours.close();
});

async function startJava(assignor: JavaAssignor): Promise<JavaConsumer> {
  const consumer = await startJavaConsumer({ brokers: brokers(), group: ours.name, topic, assignor });
  java.push(consumer);
  return consumer;
}

/** Waits until ours and Java's own so many partitions, and the load goes on. */
async function untilShared(counts: { ours?: number; java?: number }): Promise<void> {
  const owned = () => ({ ours: ours.live.at(-1)?.owned.size, java: runningJava()?.owned.length });
  await eventually(() => expect(owned()).toEqual({ ours: undefined, java: undefined, ...counts }), {
    intervalMs: 10,
    message: () => `shares of ${JSON.stringify(counts)}, got ${JSON.stringify(owned())}; ${runningJava()?.log}`,
  });
  await load.goesOn();
}

function runningJava(): JavaConsumer | undefined {
  return java.find(({ running }) => running);
}

/** What it had to give up, by its log. */
function revokedFromJava(consumer: JavaConsumer): string[] {
  const lists = [...consumer.log.matchAll(/Revoke previously assigned partitions:? \[?([^\](\n]*)/g)];
  return lists.flatMap(([, list = '']) => list.split(/[, ]+/).filter((name) => name !== ''));
}

function revokedFromOurs(): string[] {
  const prefix = 'revoked ';
  return ours.events(prefix).flatMap((event) => event.slice(prefix.length).split(','));
}

function received(): string[] {
  const javas = java.flatMap(({ records }) =>
    records.map(({ partition, offset }) => `${topic}-${partition}@${offset}`),
  );
  return [...ours.received, ...javas];
}

async function untilReceived(wanted: readonly string[]): Promise<void> {
  await eventually(() => missingOf(wanted, received()).length === 0, {
    message: () => `${wanted.length} records; missing: ${missingOf(wanted, received()).join()}`,
  });
}

async function untilAllArrived(): Promise<void> {
  await load.stop();
  await untilReceived([...load.acknowledged, ...(await contentsOf(topic, brokers()))]);
}

describe.each([
  ['cooperative-sticky', 'CooperativeStickyAssignor'],
  ['roundrobin', 'RoundRobinAssignor'],
] as const)('A group with a Java consumer by %s', (assignor, javaAssignor) => {
  const isCooperative = assignor === 'cooperative-sticky';

  it('that Java leads shares with ours, which takes over when Java leaves and shares when it is back', async () => {
    const leader = await startJava(javaAssignor);
    await untilShared({ java: 12 });
    ours.start({ assignors: [assignor] });
    await untilShared({ ours: 6, java: 6 });
    await untilReceived([...load.acknowledged]);
    expect(revokedFromJava(leader)).toHaveLength(isCooperative ? 6 : 12);
    const repeated = duplicatesIn(received());

    await leader.stop();
    await untilShared({ ours: 12 });
    expect(revokedFromOurs()).toHaveLength(isCooperative ? 0 : 6);
    await startJava(javaAssignor);
    await untilShared({ ours: 6, java: 6 });
    expect(revokedFromOurs()).toHaveLength(isCooperative ? 6 : 18);
    await untilAllArrived();

    // Java commits before it joins again; what a cooperative one reads until it gives partitions up, others read again.
    if (!isCooperative) expect(repeated).toEqual([]);
    expect(duplicatesIn(received())).toHaveLength(repeated.length);
  });

  it('that ours leads shares with Java, which takes over when ours leaves', async () => {
    const leader = ours.start({ assignors: [assignor] });
    await untilShared({ ours: 12 });
    const second = await startJava(javaAssignor);
    await untilShared({ ours: 6, java: 6 });
    expect(revokedFromOurs()).toHaveLength(isCooperative ? 6 : 12);

    await ours.stop(leader);
    await untilShared({ java: 12 });
    expect(revokedFromJava(second)).toHaveLength(isCooperative ? 0 : 6);
    await untilAllArrived();

    expect(ours.events('lost')).toEqual([]);
    expect(duplicatesIn(received())).toEqual([]);
  });
});
