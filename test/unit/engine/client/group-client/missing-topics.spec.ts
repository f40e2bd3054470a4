import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CommitFailedError } from '../../../../../lib/engine/client/consumer-client.js';
import { EmbeddedKafka } from '../../../../../lib/testing/embedded/embedded-kafka.js';
import { eventually } from '../../../../support/eventually.js';
import { TestMember } from '../../../../support/test-member.js';

const fetch = {
  minBytes: 1,
  maxBytes: 1_048_576,
  maxBytesPerPartition: 1_048_576,
  maxWaitMs: 100,
  maxBufferedBytes: 52_428_800,
  checkCrcs: false,
};
const payments = { topic: 'payments', partition: 0 };

describe('A member, of a topic that may be gone,', () => {
  let kafka: EmbeddedKafka;
  let member: TestMember;

  beforeEach(async () => {
    kafka = await EmbeddedKafka.start({ topics: ['orders', 'payments'], brokers: 3 });
    member = TestMember.start(kafka.brokers, { topics: ['orders', 'payments'], fetch });
    await member.owns(2);
    kafka.produce('orders', [{ value: 'a' }]);
    kafka.produce('payments', [{ value: 'a' }, { value: 'b' }]);
    await member.receives(3);
  });

  afterEach(async () => {
    kafka.faults.clear();
    await member.client.close(1000);
    await kafka.stop();
  });

  const committed = (topic: string): string | undefined => kafka.committed('group', topic)[0]?.offset;

  /** The first commit that fails. */
  async function failure(): Promise<CommitFailedError> {
    let failed: unknown;
    await eventually(async () => {
      failed = await member.commit().catch((error: unknown) => error);
      return failed !== undefined;
    });
    expect(failed).toBeInstanceOf(CommitFailedError);
    return failed as CommitFailedError;
  }

  it('commits nothing of it until that is clear, and of others as ever', async () => {
    kafka.faults.delay('Metadata', 60_000, { times: Infinity });
    kafka.faults.fail('Fetch', { error: 'UNKNOWN_TOPIC_OR_PARTITION', topic: 'payments' });

    const { message, failed } = await failure();

    expect(failed).toMatchObject([payments]);
    expect(message).toMatch(/^Offset commit of payments-0 refused: .*may be gone/);
    kafka.produce('orders', [{ value: 'b' }]);
    await member.receives(4);
    await member.commit().catch(() => undefined);
    expect(committed('orders')).toBe('2');
  });

  it('tells of all that is not committed when the broker does not take others either', async () => {
    kafka.faults.delay('Metadata', 60_000, { times: Infinity });
    kafka.faults.fail('Fetch', { error: 'UNKNOWN_TOPIC_OR_PARTITION', topic: 'payments' });
    await failure();

    kafka.faults.fail('OffsetCommit', { error: 'TOPIC_AUTHORIZATION_FAILED', topic: 'orders' });
    const { failed } = await failure();

    expect(failed.map(({ topic }) => topic).toSorted()).toEqual(['orders', 'payments']);
  });

  it('commits it again when it was there all the time', async () => {
    const fault = kafka.faults.fail('Fetch', { error: 'UNKNOWN_TOPIC_OR_PARTITION', topic: 'payments' });
    await failure();
    expect(fault.hits).toBe(1);

    kafka.produce('payments', [{ value: 'c' }]);
    await member.receives(4);
    await member.commit();

    expect(committed('payments')).toBe('3');
    expect(member.events.filter((event) => !event.startsWith('assigned'))).toEqual([]);
  });

  it('reads the new one from its beginning when it was made anew at once, led by another broker and longer', async () => {
    await member.commit();
    kafka.deleteTopic('payments');
    kafka.createTopic('another');
    kafka.createTopic('payments');
    kafka.produce(
      'payments',
      Array.from({ length: 5 }, (_, n) => ({ value: `${n}` })),
    );

    await member.until('lost payments-0');
    await member.receives(8);

    const read = member.received.filter((place) => place.startsWith('payments')).slice(2);
    expect(read).toEqual([0, 1, 2, 3, 4].map((offset) => `payments-0@${offset}`));
  });

  it('learns of it by a commit when it reads nothing of it just now, and commits nothing of the old one', async () => {
    await member.commit();
    member.client.pause(payments);
    kafka.faults.disconnect('Fetch', { times: 3 });
    kafka.produce('orders', [{ value: 'b' }]);
    await member.receives(4);

    kafka.deleteTopic('payments');
    await failure();
    kafka.createTopic('payments');
    const { failed } = await failure();
    kafka.produce(
      'payments',
      Array.from({ length: 5 }, (_, n) => ({ value: `${n}` })),
    );

    expect(failed).toMatchObject([payments]);
    await member.until('lost payments-0');
    await member.receives(9);
    expect(member.received.slice(-5)).toEqual([0, 1, 2, 3, 4].map((offset) => `payments-0@${offset}`));
  });
});
