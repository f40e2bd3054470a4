import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { partitionName, type ConsumerClientListener } from '../../../../../lib/engine/client/consumer-client.js';
import { JoinRefusedError } from '../../../../../lib/engine/client/group/join-errors.js';
import { EmbeddedKafka } from '../../../../../lib/testing/embedded/embedded-kafka.js';
import { TestMember } from '../../../../support/test-member.js';

let kafka: EmbeddedKafka;
let members: TestMember[];

beforeEach(async () => {
  kafka = await EmbeddedKafka.start({ topics: [{ name: 'orders', partitions: 2 }] });
  members = [];
});

afterEach(async () => {
  await Promise.all(members.map((member) => member.client.close(1000)));
  await kafka.stop();
});

/** The topic that is missing makes it look for changes every 2 s. */
function start(): TestMember {
  const member = TestMember.start(kafka.brokers, { topics: ['orders', 'missing'] });
  members.push(member);
  return member;
}

type Callback = Exclude<keyof ConsumerClientListener, 'prepare'>;

/** What is told to a member that owns two partitions, why, and what brings it about. */
const told: [callback: Callback, why: string, cause: (member: TestMember) => void][] = [
  ['assigned', 'another partition is assigned', () => kafka.addPartitions('orders', 3)],
  ['records', 'a record is there', () => kafka.produce('orders', [{ partition: 0, value: 'x' }])],
  ['repositioned', 'its position is not', ({ client }) => client.seek({ topic: 'orders', partition: 0, offset: 99 })],
  ['revoked', 'another member takes a partition', () => void start()],
  ['lost', 'the group has dropped it', () => kafka.faults.evict('group', kafka.members('group')[0]!.memberId)],
  ['lost', 'its topic is gone', () => kafka.deleteTopic('orders')],
];

describe('An error of the listener ends the client, once its partitions are lost', () => {
  it.each(told)('told of "%s" because %s', async (callback, _why, cause) => {
    const member = start();
    await member.owns(2);
    const error = new Error(`thrown by ${callback}`);
    const lost: string[] = [];
    member.lost = (partitions) => {
      lost.push(...partitions.map(partitionName));
      if (callback === 'lost') throw error;
    };
    if (callback === 'revoked') member.revoked = () => Promise.reject(error);
    else if (callback !== 'lost') member[callback] = () => void fail(error);

    cause(member);
    const reason = await member.ended;

    expect(reason).toBe(error);
    expect(lost).toEqual(expect.arrayContaining(['orders-0', 'orders-1']));
    expect(new Set(lost).size).toBe(lost.length);
    await kafka.until(() => kafka.members('group').length === members.length - 1);
  });
});

it('An error that follows on another is logged', async () => {
  const member = start();
  await member.owns(2);
  member.lost = () => fail(new Error('the second'));

  member.records = () => fail(new Error('the first'));
  kafka.produce('orders', [{ partition: 0, value: 'x' }]);
  const reason = await member.ended;

  expect(reason?.message).toBe('the first');
  expect(member.logger.at('error')).toEqual(['While the member of group "group" was ending: Error: the second']);
});

it('A member that may not join any more has lost its partitions by the time it ends', async () => {
  const member = start();
  await member.owns(2);

  kafka.faults.fail('JoinGroup', { error: 'GROUP_AUTHORIZATION_FAILED' });
  kafka.faults.rebalance('group');
  const reason = await member.ended;

  expect(reason).toBeInstanceOf(JoinRefusedError);
  expect(member.events.at(-1)).toBe('lost orders-0,orders-1');
});

function fail(error: Error): never {
  throw error;
}
