import { describe, expect, it } from '@jest/globals';
import { startApacheKafka } from '../../../lib/testing/apache-kafka.js';
import { client, uniqueName } from '../../support/kafka.js';

describe('startApacheKafka', () => {
  it('brings a killed broker back with its port and data, and leaves nothing behind', async () => {
    const cluster = await startApacheKafka({
      properties: { 'broker.session.timeout.ms': '3000', 'broker.heartbeat.interval.ms': '500' },
    });
    const [node] = cluster.nodes;
    const topic = uniqueName('topic');
    const admin = client(cluster.brokers).admin();
    try {
      await admin.connect();
      await admin.createTopics({ topics: [{ topic }], waitForLeaders: true });
      await admin.disconnect();

      const pid = node!.pid!;
      await node!.kill();
      expect(node!.running).toBe(false);
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
      await node!.start();

      await admin.connect();
      expect(await admin.listTopics()).toContain(topic);
    } finally {
      await admin.disconnect();
      await cluster.stop();
    }
    expect(node!.running).toBe(false);
  });
});
