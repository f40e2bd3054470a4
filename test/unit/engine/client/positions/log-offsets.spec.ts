import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Cluster } from '../../../../../lib/engine/client/connection/cluster.js';
import { listOffsets } from '../../../../../lib/engine/client/positions/log-offsets.js';
import { settlesWithin } from '../../../../../lib/engine/wait.js';
import { EmbeddedKafka } from '../../../../../lib/testing/embedded/embedded-kafka.js';
import { RecordingLogger } from '../../../../support/recording-logger.js';

describe('listOffsets', () => {
  let kafka: EmbeddedKafka;
  let cluster: Cluster;

  beforeEach(async () => {
    kafka = await EmbeddedKafka.start({ topics: [{ name: 'orders', partitions: 2 }] });
    cluster = new Cluster(
      {
        brokers: kafka.brokers,
        clientId: 'test',
        ssl: false,
        sasl: undefined,
        connectionTimeoutMs: 1000,
        requestTimeoutMs: 60_000,
      },
      new RecordingLogger(),
    );
    kafka.produce('orders', [{ partition: 1, value: 'x' }]);
  });

  afterEach(async () => {
    kafka.faults.clear();
    await cluster.close();
    await kafka.stop();
  });

  const partitions = [0, 1].map((partition) => ({ topic: 'orders', partition }));

  it('finds the ends of logs', async () => {
    expect(await listOffsets(cluster, partitions, 'beginning')).toEqual(
      partitions.map((one) => ({ ...one, offset: 0 })),
    );
    expect(await listOffsets(cluster, partitions, 'end')).toEqual(
      partitions.map((one, offset) => ({ ...one, offset })),
    );
  });

  it('leaves out what no leader tells', async () => {
    kafka.faults.fail('ListOffsets', { error: 'NOT_LEADER_FOR_PARTITION', topic: 'orders', partition: 0 });
    const missing = { topic: 'orders', partition: 7 };

    const found = await listOffsets(cluster, [...partitions, missing], 'end');

    expect(found).toEqual([{ topic: 'orders', partition: 1, offset: 1 }]);
  });

  it('keeps no look-up of metadata waiting for a broker that takes its time', async () => {
    const slow = kafka.faults.delay('ListOffsets', 60_000);
    const listed = listOffsets(cluster, partitions, 'end');
    await kafka.until(() => slow.hits === 1);

    const found = cluster.metadata(['orders']);

    expect(await settlesWithin(found, 2000)).toBe(true);
    await cluster.close();
    expect(await listed).toEqual([]);
  });
});
