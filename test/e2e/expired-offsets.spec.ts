import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { KafkaConsumerService, type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { startApplication, untilAssigned } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { client, createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

/** What brokers do `offsets.retention.minutes` after the last member has gone is what they do when asked to delete the group. */
describe('A group whose offsets the brokers have forgotten', () => {
  let topic: string;
  let group: string;
  let app: INestApplicationContext;
  let seen: number[];
  let stoppedAt: Date;
  beforeEach(async () => {
    topic = await createTopic(uniqueName('orders'));
    group = uniqueName('group');
    seen = [];
    await produce(topic, ['0', '1']);
    await start(true);
    await eventually(() => seen.length === 2);
    await app.close();
    await untilCommitted(group, topic, '2');

    stoppedAt = new Date();
    await produce(topic, [{ value: '2', timestamp: String(stoppedAt.getTime() + 1) }]); // published while no member is there
    await deleteGroup(group);
    seen = [];
  });
  afterEach(() => app.close());

  async function start(startFromBeginning: boolean): Promise<void> {
    class Orders {
      @MessageHandler(topic)
      handle({ payload }: Message<number>): void {
        seen.push(payload);
      }
    }
    app = await startApplication({ group, startFromBeginning }, [Orders]);
    await untilAssigned(app, 1);
  }

  it('handles all that the topic still has again with startFromBeginning', async () => {
    await start(true);

    await eventually(() => expect(seen).toEqual([0, 1, 2]));
  });

  it('begins at the end without, and misses what was published meanwhile', async () => {
    await start(false);
    await produce(topic, ['3']);

    await eventually(() => expect(seen).toEqual([3]));
  });

  it('can be moved back to the time at which it stopped', async () => {
    await start(false);
    const consumer = app.get(KafkaConsumerService);
    for (const { topic, partition } of consumer.assignments()) await consumer.seek(topic, partition, stoppedAt);

    await eventually(() => expect(seen).toEqual([2]));
  });
});

async function deleteGroup(group: string): Promise<void> {
  const admin = client().admin();
  await admin.connect();
  try {
    await eventually(() => admin.deleteGroups([group]).then(() => true));
  } finally {
    await admin.disconnect();
  }
}
