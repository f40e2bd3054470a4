import { describe, expect, it } from '@jest/globals';
import {
  decodeFetchResponse,
  decodePartition,
  type AbortedTransaction,
  type FetchedPartition,
} from '../../../../../lib/engine/client/fetch/fetch-response.js';
import { encodeBatch, encodeMarker, newEncoder } from '../../../../support/record-batches.js';

describe('decodeFetchResponse', () => {
  it('reads a response of version 11, records left encoded', async () => {
    const records = Buffer.from('records');
    const payload = newEncoder().writeInt32(250).writeInt16(0).writeInt32(77).writeInt32(2); // throttle, error, session, topics
    payload.writeString('orders').writeInt32(2);
    payload.writeInt32(3).writeInt16(0).writeInt64(100).writeInt64(90).writeInt64(10);
    payload.writeInt32(1).writeInt64(9).writeInt64(40); // one aborted transaction
    payload.writeInt32(-1).writeInt32(records.length).writeBuffer(records);
    payload.writeInt32(4).writeInt16(1).writeInt64(-1).writeInt64(-1).writeInt64(-1);
    payload.writeInt32(-1).writeInt32(2).writeInt32(-1); // no aborted transactions, a replica to prefer, no records
    payload.writeString('payments').writeInt32(0);

    expect(await decodeFetchResponse(payload.buffer)).toEqual({
      clientSideThrottleTime: 250,
      errorCode: 0,
      partitions: [
        {
          topic: 'orders',
          partition: 3,
          errorCode: 0,
          highWatermark: 100,
          lastStableOffset: 90,
          abortedTransactions: [{ producerId: 9, firstOffset: 40 }],
          preferredReadReplica: -1,
          bytes: records,
        },
        {
          topic: 'orders',
          partition: 4,
          errorCode: 1,
          highWatermark: -1,
          lastStableOffset: -1,
          abortedTransactions: [],
          preferredReadReplica: 2,
          bytes: Buffer.alloc(0),
        },
      ],
    });
  });

  it('refuses a response that is cut off', () => {
    const payload = newEncoder().writeInt32(0).writeInt16(0).writeInt32(0).writeInt32(1).buffer;

    expect(() => decodeFetchResponse(payload)).toThrow('Truncated');
  });
});

describe('decodePartition', () => {
  it('has the records from the position on, and the offset behind them', async () => {
    const bytes = [await encodeBatch(offsets(5, 6, 7)), await encodeBatch(offsets(8, 9))];

    expect(await decodedFrom(6, bytes)).toEqual({ offsets: [6, 7, 8, 9], next: 10 });
  });

  it('stays where it is when nothing came', async () => {
    expect(await decodedFrom(6, [])).toEqual({ offsets: [], next: 6 });
  });

  it('stays where it is when only a part of a batch came', async () => {
    const batch = await encodeBatch(offsets(6));

    expect(await decodedFrom(6, [batch.subarray(0, -1)])).toEqual({ offsets: [], next: 6 });
  });

  it('leaves out batches before the position', async () => {
    const bytes = [await encodeBatch(offsets(5)), await encodeBatch(offsets(6))];

    expect(await decodedFrom(6, bytes)).toEqual({ offsets: [6], next: 7 });
  });

  it('never moves back', async () => {
    expect(await decodedFrom(9, [await encodeBatch(offsets(5))])).toEqual({ offsets: [], next: 9 });
  });

  it('moves past a batch that a compaction has emptied', async () => {
    const empty = await encodeBatch([], { baseOffset: 6, lastOffset: 15 });

    expect(await decodedFrom(6, [empty])).toEqual({ offsets: [], next: 16 });
  });

  it('moves past records that a compaction has removed from the end of a batch', async () => {
    const batch = await encodeBatch(offsets(6, 8), { lastOffset: 15 });

    expect(await decodedFrom(6, [batch])).toEqual({ offsets: [6, 8], next: 16 });
  });

  it('hands out no markers, and moves past them', async () => {
    const bytes = [await transaction(1, 5, 6), await encodeMarker('commit', 7, 1)];

    expect(await decodedFrom(5, bytes)).toEqual({ offsets: [5, 6], next: 8 });
  });

  it('leaves out an aborted transaction, and moves past it', async () => {
    const bytes = [await transaction(1, 5, 6), await encodeMarker('abort', 7, 1)];

    expect(await decodedFrom(5, bytes, [{ producerId: 1, firstOffset: 5 }])).toEqual({ offsets: [], next: 8 });
  });

  it('takes in what the same producer commits after an abort', async () => {
    const bytes = [
      await transaction(1, 5),
      await encodeMarker('abort', 6, 1),
      await transaction(1, 7),
      await encodeMarker('commit', 8, 1),
    ];

    expect(await decodedFrom(5, bytes, [{ producerId: 1, firstOffset: 5 }])).toEqual({ offsets: [7], next: 9 });
  });

  it('leaves out the second of two transactions when only that was aborted', async () => {
    const bytes = [
      await transaction(1, 5),
      await encodeMarker('commit', 6, 1),
      await transaction(1, 7),
      await encodeMarker('abort', 8, 1),
    ];

    expect(await decodedFrom(5, bytes, [{ producerId: 1, firstOffset: 7 }])).toEqual({ offsets: [5], next: 9 });
  });

  it('tells transactions apart that run side by side', async () => {
    const bytes = [
      await transaction(1, 5),
      await transaction(2, 6),
      await encodeBatch(offsets(7)),
      await encodeMarker('abort', 8, 2),
      await encodeMarker('commit', 9, 1),
    ];

    expect(await decodedFrom(5, bytes, [{ producerId: 2, firstOffset: 6 }])).toEqual({ offsets: [5, 7], next: 10 });
  });

  it('takes in what a producer of an aborted transaction sends outside of transactions', async () => {
    const bytes = [await transaction(1, 5), await encodeBatch(offsets(6), { producerId: 1 })];

    expect(await decodedFrom(5, bytes, [{ producerId: 1, firstOffset: 5 }])).toEqual({ offsets: [6], next: 7 });
  });

  it('knows of several aborts of one producer, in whatever order they are listed', async () => {
    const bytes = [
      await transaction(1, 5),
      await encodeMarker('abort', 6, 1),
      await transaction(1, 7),
      await encodeMarker('commit', 8, 1),
      await transaction(1, 9),
      await encodeMarker('abort', 10, 1),
    ];
    const aborted = [9, 5].map((firstOffset) => ({ producerId: 1, firstOffset }));

    expect(await decodedFrom(5, bytes, aborted)).toEqual({ offsets: [7], next: 11 });
  });

  it('leaves out an aborted transaction that began before the position', async () => {
    const bytes = [await transaction(1, 8), await encodeMarker('abort', 9, 1)];

    expect(await decodedFrom(8, bytes, [{ producerId: 1, firstOffset: 2 }])).toEqual({ offsets: [], next: 10 });
  });

  it('rejects when a batch cannot be decoded', async () => {
    const batch = await encodeBatch(offsets(5));
    batch.writeInt8(1, 16);

    await expect(decodedFrom(5, [batch])).rejects.toThrow('format 1');
  });
});

const offsets = (...all: number[]) => all.map((offset) => ({ offset }));

function transaction(producerId: number, ...all: number[]): Promise<Buffer> {
  return encodeBatch(offsets(...all), { transactional: true, producerId });
}

async function decodedFrom(
  from: number,
  batches: Buffer[],
  abortedTransactions: AbortedTransaction[] = [],
): Promise<{ offsets: number[]; next: number }> {
  const fetched: FetchedPartition = {
    topic: 'orders',
    partition: 3,
    errorCode: 0,
    highWatermark: 100,
    lastStableOffset: 100,
    abortedTransactions,
    preferredReadReplica: -1,
    bytes: Buffer.concat(batches),
  };
  const { records, next } = await decodePartition(fetched, from);
  return { offsets: records.map(({ offset }) => offset), next };
}
