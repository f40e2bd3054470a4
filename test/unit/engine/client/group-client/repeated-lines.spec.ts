import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { EmbeddedKafka } from '../../../../../lib/testing/embedded/embedded-kafka.js';
import { TestMember } from '../../../../support/test-member.js';

let kafka: EmbeddedKafka;
let member: TestMember;

beforeEach(async () => {
  kafka = await EmbeddedKafka.start({ topics: ['orders'] });
});

afterEach(async () => {
  await member.client.close(1000);
  await kafka.stop();
});

it('A member that fails to join again and again says so once a minute', async () => {
  const fault = kafka.faults.disconnect('JoinGroup', { times: 4 });
  member = TestMember.start(kafka.brokers);
  await member.owns(1);

  expect(fault.hits).toBe(4);
  const told = member.logger.lines.filter(({ message }) => message.startsWith('Joining group "group" failed'));
  expect(told).toHaveLength(1);
  expect(member.logger.fields).toContainEqual(expect.objectContaining({ event: 'join-failed', group: 'group' }));
});
