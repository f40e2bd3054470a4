import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { type JavaConsumer, startJavaConsumer } from '../../support/java-consumer.js';
import { brokers, committedOffset, createTopic, produce, uniqueName } from '../../support/kafka.js';

describe('a Java consumer', () => {
  let consumer: JavaConsumer | undefined;

  afterEach(() => consumer?.kill());

  test('reads what kafkajs has produced, and commits it when it stops', async () => {
    const topic = await createTopic(uniqueName('topic'), 2);
    const group = uniqueName('group');
    await produce(topic, [
      { key: 'a', value: 'größe\nin two lines', partition: 0 },
      { key: null, value: 'second', partition: 0 },
      { key: '', value: null, partition: 1 },
    ]);
    consumer = await startJavaConsumer({ brokers: brokers(), group, topic, assignor: 'CooperativeStickyAssignor' });
    await eventually(() => consumer!.records.length === 3, { message: () => consumer!.log });
    expect(consumer.owned).toEqual([`${topic}-0`, `${topic}-1`]);
    expect([...consumer.records].sort((one, two) => one.partition - two.partition)).toEqual([
      { partition: 0, offset: '0', key: 'a', value: 'größe\nin two lines' },
      { partition: 0, offset: '1', key: null, value: 'second' },
      { partition: 1, offset: '0', key: '', value: null },
    ]);
    await consumer.stop();
    expect(consumer.running).toBe(false);
    expect(consumer.owned).toEqual([]);
    expect(await committedOffset(group, topic)).toBe('2');
  });

  test('takes topics by a regular expression, an instance id and settings', async () => {
    const topic = await createTopic(uniqueName('by.pattern'));
    await produce(topic, ['first']);
    consumer = await startJavaConsumer({
      brokers: brokers(),
      group: uniqueName('group'),
      include: topic.replaceAll('.', '\\.'),
      assignor: ['RoundRobinAssignor', 'RangeAssignor'],
      groupInstanceId: 'instance',
      properties: { 'client.id': 'named' },
    });
    await eventually(() => consumer!.records.length === 1, { message: () => consumer!.log });
    expect(consumer.log).toContain('instanceId=instance, clientId=named');
    await consumer.kill();
    expect(consumer.running).toBe(false);
    expect(consumer.owned).toEqual([`${topic}-0`]); // nobody has told it otherwise
  });
});
