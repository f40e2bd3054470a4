import { describe, expect, it } from '@jest/globals';
import { startJavaConsumer } from '../../support/java-consumer.js';
import { eventually } from '../../support/eventually.js';
import { brokers, createTopic, produce, uniqueName } from '../../support/kafka.js';
import { TestMember } from '../../support/test-member.js';

describe.each([
  ['CooperativeStickyAssignor', 'cooperative-sticky'],
  ['RoundRobinAssignor', 'roundrobin'],
] as const)('A group with a Java consumer by %s', (assignor, name) => {
  it.each(['ours', 'java'])('shares a topic, %s first', async (first) => {
    const topic = await createTopic(uniqueName('java'), 4);
    const group = uniqueName('group');
    const startOurs = () => TestMember.start(brokers(), { group, topics: [topic], assignors: [name] });
    const startJava = () => startJavaConsumer({ brokers: brokers(), group, topic, assignor });
    const publish = (from: number) =>
      produce(
        topic,
        Array.from({ length: 8 }, (_, n) => ({ value: String(from + n), partition: n % 4 })),
      );
    let ours = first === 'ours' ? startOurs() : undefined;
    if (ours) await ours.owns(4);
    await using java = await startJava();
    if (!ours) await eventually(() => java.owned.length === 4, { message: () => java.log });
    ours ??= startOurs();
    await eventually(() => java.owned.length === 2 && ours.owned.size === 2, {
      message: () => java.log + JSON.stringify(ours.events),
    });
    await publish(0);
    await eventually(() => java.records.length === 4 && ours.received.length === 4, { message: () => java.log });
    if (first === 'ours') {
      await java.stop();
      await ours.owns(4);
      await publish(8);
      await ours.receives(12);
      expect(new Set(ours.received).size).toBe(12);
    } else {
      await ours.stop();
      await eventually(() => java.owned.length === 4, { message: () => java.log });
      await publish(8);
      await eventually(() => java.records.length === 12, { message: () => java.log });
    }
    expect(ours.events.filter((event) => event.startsWith('lost'))).toEqual([]);
    await ours.stop();
  });
});
