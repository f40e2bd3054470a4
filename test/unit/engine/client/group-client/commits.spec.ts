import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { GroupSettings } from '../../../../../lib/engine/client/client-settings.js';
import { CommitFailedError, type PartitionPosition } from '../../../../../lib/engine/client/consumer-client.js';
import { EmbeddedKafka } from '../../../../../lib/testing/embedded/embedded-kafka.js';
import { deferred } from '../../../../support/deferred.js';
import { TestMember } from '../../../../support/test-member.js';

const maxOffsetMetadataBytes = 100;
let kafka: EmbeddedKafka;
let member: TestMember;

beforeEach(async () => {
  kafka = await EmbeddedKafka.start({
    topics: [{ name: 'orders', partitions: 3 }],
    minSessionTimeoutMs: 500,
    maxOffsetMetadataBytes,
  });
});

afterEach(async () => {
  kafka.faults.clear();
  await member.client.close(1000);
  await kafka.stop();
});

async function start(settings: Partial<GroupSettings> = {}): Promise<void> {
  member = TestMember.start(kafka.brokers, settings);
  await member.owns(3);
}

function order(partition: number, offset = 0): PartitionPosition {
  return { topic: 'orders', partition, offset };
}

async function failureOf(commit: Promise<void>): Promise<CommitFailedError> {
  const thrown: unknown = await commit.then(() => undefined).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(CommitFailedError);
  return thrown as CommitFailedError;
}

function committed(): string[] {
  return kafka.committed('group', 'orders').map(({ partition, offset }) => `${partition}@${offset}`);
}

describe('A commit that fails', () => {
  it('lists what is not owned and what the broker refuses, each with its reason', async () => {
    await start();
    kafka.faults.fail('OffsetCommit', { error: 'TOPIC_AUTHORIZATION_FAILED', topic: 'orders', partition: 1 });

    const { failed, message } = await failureOf(member.client.commit([order(0, 1), order(1, 1), order(7, 1)]));

    expect(failed).toEqual([
      { topic: 'orders', partition: 7 },
      { topic: 'orders', partition: 1 },
    ]);
    expect(message).toMatch(/^Offset commit of orders-7 refused: .* own it now; of orders-1 failed: .*\(TOPIC_AUTH/);
    expect(committed()).toEqual(['0@1', '1@0', '2@0']);
  });

  it('lists all when the connection is cut, with the cause', async () => {
    await start();
    kafka.faults.disconnect('OffsetCommit');

    const { failed, cause } = await failureOf(member.client.commit([order(0, 1), order(7, 1)]));

    expect(failed.map(({ partition }) => partition)).toEqual([7, 0]);
    expect(cause).toBeInstanceOf(Error);
  });

  it('tells what the broker would take with less metadata, and commits the rest', async () => {
    await start();
    const long = 'x'.repeat(maxOffsetMetadataBytes + 1);
    kafka.faults.fail('OffsetCommit', { error: 'TOPIC_AUTHORIZATION_FAILED', topic: 'orders', partition: 2 });

    const offsets = [order(0, 1), { ...order(1, 1), metadata: long }, { ...order(2, 1), metadata: long }];
    const { failed, metadataTooLarge } = await failureOf(member.client.commit(offsets));

    expect(failed.map(({ partition }) => partition).toSorted()).toEqual([1, 2]);
    expect(metadataTooLarge).toEqual([{ topic: 'orders', partition: 1 }]);
    expect(committed()).toEqual(['0@1', '1@0', '2@0']);
  });

  it('for its metadata is repeated without where it is a first position: reading can begin', async () => {
    await kafka.stop();
    kafka = await EmbeddedKafka.start({ topics: [{ name: 'orders', partitions: 3 }], maxOffsetMetadataBytes: 5 });

    await start();

    expect(committed()).toEqual(['0@0', '1@0', '2@0']);
    expect(member.logger.at('warn')).toEqual([expect.stringContaining('OFFSET_METADATA_TOO_LARGE')]);
  });

  it('for a reason other than metadata does not blame that', async () => {
    await start();

    const { metadataTooLarge } = await failureOf(member.client.commit([order(7, 1)]));

    expect(metadataTooLarge).toEqual([]);
  });
});

describe('A commit that is never answered', () => {
  it('fails after a third of the session, and the next one goes out on a new connection', async () => {
    await start({ sessionTimeoutMs: 1500, requestTimeoutMs: 30_000 });
    kafka.faults.delay('OffsetCommit', 60_000, { when: 'before' });

    const { failed, message } = await failureOf(member.client.commit([order(0, 1), order(1, 1)]));
    await member.client.commit([order(0, 2)]);

    expect(failed).toEqual([
      { topic: 'orders', partition: 0 },
      { topic: 'orders', partition: 1 },
    ]);
    expect(message).toContain('did not answer within 500 ms');
    expect(committed()[0]).toBe('0@2');
    expect(member.events).toEqual(['assigned orders-0@0,orders-1@0,orders-2@0']);
  });

  it('fails as well when nobody tells who is to be asked', async () => {
    await start({ sessionTimeoutMs: 1500, requestTimeoutMs: 30_000 });
    kafka.faults.fail('OffsetCommit', { error: 'NOT_COORDINATOR_FOR_GROUP' });
    await failureOf(member.client.commit([order(0, 1)]));
    kafka.faults.delay('FindCoordinator', 60_000, { when: 'before' });

    const { message } = await failureOf(member.client.commit([order(0, 1)]));

    expect(message).toContain('did not answer within 500 ms');
  });
});

it('What is being revoked can be committed, until its session ends: then it is lost as well', async () => {
  await start({ sessionTimeoutMs: 1000 });
  const drained = deferred();
  member.draining = () => drained.promise;
  const other = TestMember.start(kafka.brokers);
  await member.until('revoked');
  const [revoked] = member.events.at(-1)!.match(/orders-\d/)!;
  const position = order(Number(revoked.at(-1)), 1);

  await member.client.commit([position]);
  kafka.faults.evict('group', kafka.members('group')[0]!.memberId);
  await member.until('lost');
  const { message } = await failureOf(member.client.commit([position]));

  expect(member.events.at(-1)).toContain(revoked);
  expect(message).toContain('no member of the group now');
  drained.resolve();
  await other.client.close(1000);
});
