import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedKafka } from '../../../../../lib/testing/embedded/embedded-kafka.js';
import { TestMember } from '../../../../support/test-member.js';

describe('A member that is throttled', () => {
  let kafka: EmbeddedKafka;
  let member: TestMember;

  beforeEach(async () => {
    kafka = await EmbeddedKafka.start({ topics: ['orders'] });
  });

  afterEach(async () => {
    await member.client.close(1000);
    await kafka.stop();
  });

  it.each(['Fetch', 'OffsetCommit', 'Heartbeat', 'JoinGroup'] as const)(
    'in %s says so once, and loses nothing',
    async (api) => {
      const fault = kafka.faults.throttle(api, { ms: 300, times: 2, mute: false });
      member = TestMember.start(kafka.brokers);
      await member.owns(1);
      kafka.produce('orders', [{ value: 'a' }]);
      await member.receives(1);
      await member.commit();
      await kafka.until(() => fault.hits === 2 || api === 'JoinGroup');

      const told = member.logger.at('warn').filter((line) => line.includes('throttles this client by a quota'));
      expect(told).toEqual([expect.stringContaining(`${api} was answered with a pause of 300 ms`)]);
      expect(member.events).toEqual(['assigned orders-0@0']);
    },
  );
});
