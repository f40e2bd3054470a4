import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedKafka } from '../../../../../lib/testing/embedded/embedded-kafka.js';
import { TestMember } from '../../../../support/test-member.js';

describe('The offsets at a time', () => {
  let kafka: EmbeddedKafka;
  let member: TestMember;

  beforeEach(async () => {
    kafka = await EmbeddedKafka.start({ brokers: 2, topics: [{ name: 'orders', partitions: 3 }] });
    const at = (partition: number, timestamp: number) => ({ partition, timestamp, value: 'x' });
    kafka.produce('orders', [at(0, 1000), at(0, 2000), at(0, 3000), at(1, 1000)]);
    member = TestMember.start(kafka.brokers);
    await member.owns(3);
  });

  afterEach(async () => {
    await member.client.close(1000);
    await kafka.stop();
  });

  async function offsetsAt(timestampMs: number): Promise<Record<number, number>> {
    const positions = await member.client.offsetsAt('orders', [0, 1, 2], timestampMs);
    return Object.fromEntries(positions.map(({ partition, offset }) => [partition, offset]));
  }

  it('are those of the first records at or after it, or the end', async () => {
    expect(await offsetsAt(2000)).toEqual({ 0: 1, 1: 1, 2: 0 });
    expect(await offsetsAt(2000.5)).toEqual({ 0: 2, 1: 1, 2: 0 });
    expect(await offsetsAt(9000)).toEqual({ 0: 3, 1: 1, 2: 0 });
  });

  it('are the beginning for a time before 1970: Kafka has other meanings for -1 and -2', async () => {
    expect(await offsetsAt(-1)).toEqual({ 0: 0, 1: 0, 2: 0 });
  });

  it('leave out partitions whose leader does not tell', async () => {
    kafka.faults.fail('ListOffsets', { error: 'NOT_LEADER_FOR_PARTITION', topic: 'orders', partition: 1 });

    expect(await offsetsAt(2000)).toEqual({ 0: 1, 2: 0 });
  });
});
