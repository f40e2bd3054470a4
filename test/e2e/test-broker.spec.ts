import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { client, committedOffset, createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

describe('the broker of the run', () => {
  const group = uniqueName('group');
  const consumer = client().consumer({ groupId: group });
  const values: unknown[] = [];
  let topic: string;

  beforeAll(async () => {
    topic = await createTopic(uniqueName('topic'), 2);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
  });

  afterAll(() => consumer.disconnect());

  it('delivers what was produced and keeps what was committed', async () => {
    expect(await committedOffset(group, topic, 1)).toBeUndefined();
    await produce(topic, [
      { value: 'a', partition: 1 },
      { value: 'b', partition: 1 },
    ]);
    await consumer.run({ eachMessage: async ({ message }) => void values.push(message.value?.toString()) });
    await eventually(() => expect(values).toEqual(['a', 'b']));
    await consumer.stop(); // commits
    await untilCommitted(group, topic, '2', 1);
  });
});
