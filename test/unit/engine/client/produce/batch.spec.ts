import { expect, it } from '@jest/globals';
import { RecordBatch, isIntact, scanBatches } from '../../../../../lib/engine/client/fetch/record-batch.js';
import { Batch } from '../../../../../lib/engine/client/produce/batch.js';
import { PendingRecord } from '../../../../../lib/engine/client/produce/pending-record.js';
import { decodeRecords } from '../../../../../lib/testing/embedded/log/records.js';
import { parseBatch } from '../../../../../lib/testing/embedded/log/record-batch.js';

const records = [
  { key: null, value: Buffer.from('a'), headers: [], timestamp: 1_700_000_000_000 },
  { key: Buffer.from('k'), value: null, headers: [['h', Buffer.alloc(300, 'x')] as const], timestamp: 5 },
  { key: Buffer.alloc(0), value: Buffer.alloc(20_000, 'y'), headers: [], timestamp: 1_800_000_000_000 },
].map((fields) => new PendingRecord({ topic: 't', compression: 'none', ...fields }, 0, () => undefined));

it('a batch is what brokers and consumers read: signed, checked, with timestamps of any distance', async () => {
  const batch = new Batch(records);

  const bytes = await batch.encode({ producerId: 2 ** 40 + 3, epoch: 4, sequence: 5 });

  expect(bytes.length).toBeLessThanOrEqual(batch.size);
  expect(isIntact(bytes, 0)).toBe(true);
  expect(scanBatches(bytes)).toMatchObject({ length: bytes.length, next: 3, fault: undefined });
  expect(new RecordBatch({ topic: 't', partition: 0 }, { bytes }, 0).producerId).toBe(2 ** 40 + 3);
  const parsed = parseBatch(bytes);
  expect(parsed).toMatchObject({ producerEpoch: 4, baseSequence: 5, maxTimestamp: 1_800_000_000_000 });
  expect(decodeRecords(parsed).map(({ timestamp, key, value }) => ({ timestamp, key, value }))).toEqual(
    records.map(({ record: { timestamp, key, value } }) => ({ timestamp, key, value })),
  );
});
