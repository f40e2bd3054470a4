import { describe, expect, it } from '@jest/globals';
import type { AbortedTransaction } from '../../../../../lib/engine/client/fetch/fetch-response.js';
import { FetchedChunk } from '../../../../../lib/engine/client/fetch/fetched-chunk.js';
import { encodeBatch, encodeMarker } from '../../../../support/record-batches.js';

const partition = { topic: 'orders', partition: 3 };

describe('FetchedChunk', () => {
  it('has the records from the position on, batch by batch', async () => {
    const batches = [await encodeBatch(offsets(5, 6, 7)), await encodeBatch(offsets(8, 9))];

    expect(await handedOut(6, batches)).toEqual([
      [6, 7],
      [8, 9],
    ]);
  });

  it('leaves out batches before the position', async () => {
    const batches = [await encodeBatch(offsets(5)), await encodeBatch(offsets(6))];

    expect(await handedOut(6, batches)).toEqual([[], [6]]);
  });

  it('tells the offset behind each batch, also when a compaction has removed its last records', async () => {
    const batches = [await encodeBatch(offsets(6, 8), { lastOffset: 15 }), await encodeBatch(offsets(16))];
    const chunk = chunkOf(batches);

    expect(chunk.next).toBe(16);
    chunk.advance();
    expect(chunk.next).toBe(17);
    expect(chunk.isEmpty).toBe(false);
    chunk.advance();
    expect(chunk.isEmpty).toBe(true);
  });

  it('waits for a batch to be decompressed', async () => {
    const chunk = chunkOf([await encodeBatch(offsets(5), { compression: 'gzip' })]);
    expect(chunk.records(5, true)).toBeUndefined();

    await chunk.decompress();

    expect(chunk.records(5, true)!.map(({ offset }) => offset)).toEqual([5]);
  });

  it('says of a batch that cannot be decoded whether it is corrupt', async () => {
    const corrupt = await encodeBatch(offsets(5));
    corrupt.writeInt32BE(2, 57);

    expect(chunkOf([corrupt]).explain(new Error('boom'))).toBe(
      'boom; the checksum of the batch does not match: it is corrupt',
    );
    expect(chunkOf([await encodeBatch(offsets(5))]).explain(new Error('boom'))).toBe('boom');
  });

  it('verifies checksums when told to, also of batches that hold no records for us', async () => {
    const marker = await encodeMarker('commit', 5, 1); // changed after it was encoded

    expect(() => chunkOf([marker]).records(5, true)).toThrow('the checksum of the batch does not match');
    expect(chunkOf([marker]).records(5, false)).toEqual([]);
  });

  describe('in the memory of a large answer', () => {
    const answer = Buffer.alloc(1_000_000);
    const inAnswer = (batch: Buffer): FetchedChunk => {
      batch.copy(answer);
      return new FetchedChunk(partition, answer.subarray(0, batch.length), []);
    };

    it('does not hold that for few bytes', async () => {
      const value = Buffer.from('value');
      const chunk = inAnswer(await encodeBatch([{ offset: 5, value }]));

      answer.fill(0);

      expect(chunk.records(5, true)![0]!.value).toEqual(value);
    });

    it('lets go of it when told to, with the records that were handed out', async () => {
      const value = Buffer.alloc(200_000, 'value');
      const chunk = inAnswer(await encodeBatch([{ offset: 5, value }]));
      const [before] = chunk.records(5, false)!;

      chunk.letGoOfAnswer();
      answer.fill(0);

      expect(before!.value).toEqual(value);
      expect(chunk.records(5, true)![0]!.value).toEqual(value);
      expect(before!.value!.buffer.byteLength).toBeLessThan(answer.length);
    });
  });

  describe('of aborted transactions', () => {
    it('hands out no markers', async () => {
      expect(await handedOut(5, [await transaction(1, 5, 6), await encodeMarker('commit', 7, 1)])).toEqual([
        [5, 6],
        [],
      ]);
    });

    it('leaves out what belongs to one', async () => {
      const batches = [await transaction(1, 5, 6), await encodeMarker('abort', 7, 1)];

      expect(await handedOut(5, batches, [{ producerId: 1, firstOffset: 5 }])).toEqual([[], []]);
    });

    it('takes in what the same producer commits after an abort', async () => {
      const batches = [
        await transaction(1, 5),
        await encodeMarker('abort', 6, 1),
        await transaction(1, 7),
        await encodeMarker('commit', 8, 1),
      ];

      expect(await handedOut(5, batches, [{ producerId: 1, firstOffset: 5 }])).toEqual([[], [], [7], []]);
    });

    it('leaves out the second of two transactions when only that was aborted', async () => {
      const batches = [
        await transaction(1, 5),
        await encodeMarker('commit', 6, 1),
        await transaction(1, 7),
        await encodeMarker('abort', 8, 1),
      ];

      expect(await handedOut(5, batches, [{ producerId: 1, firstOffset: 7 }])).toEqual([[5], [], [], []]);
    });

    it('tells transactions apart that run side by side', async () => {
      const batches = [
        await transaction(1, 5),
        await transaction(2, 6),
        await encodeBatch(offsets(7)),
        await encodeMarker('abort', 8, 2),
        await encodeMarker('commit', 9, 1),
      ];

      expect(await handedOut(5, batches, [{ producerId: 2, firstOffset: 6 }])).toEqual([[5], [], [7], [], []]);
    });

    it('takes in what the producer sends outside of transactions', async () => {
      const batches = [await transaction(1, 5), await encodeBatch(offsets(6), { producerId: 1 })];

      expect(await handedOut(5, batches, [{ producerId: 1, firstOffset: 5 }])).toEqual([[], [6]]);
    });

    it('knows of several of one producer, in whatever order they are listed', async () => {
      const batches = [
        await transaction(1, 5),
        await encodeMarker('abort', 6, 1),
        await transaction(1, 7),
        await encodeMarker('commit', 8, 1),
        await transaction(1, 9),
        await encodeMarker('abort', 10, 1),
      ];
      const aborted = [9, 5].map((firstOffset) => ({ producerId: 1, firstOffset }));

      expect(await handedOut(5, batches, aborted)).toEqual([[], [], [7], [], [], []]);
    });

    it('leaves out the rest of one that began before', async () => {
      const batches = [await transaction(1, 8), await encodeMarker('abort', 9, 1)];

      expect(await handedOut(8, batches, [{ producerId: 1, firstOffset: 2 }])).toEqual([[], []]);
    });

    it('leaves out compressed batches without decompressing them', async () => {
      const batch = await encodeBatch(offsets(5), { transactional: true, producerId: 1, compression: 'gzip' });

      expect(chunkOf([batch], [{ producerId: 1, firstOffset: 5 }]).records(5, false)).toEqual([]);
    });
  });
});

const offsets = (...all: number[]) => all.map((offset) => ({ offset }));

function transaction(producerId: number, ...all: number[]): Promise<Buffer> {
  return encodeBatch(offsets(...all), { transactional: true, producerId });
}

function chunkOf(batches: Buffer[], aborted: AbortedTransaction[] = []): FetchedChunk {
  return new FetchedChunk(partition, Buffer.concat(batches), aborted);
}

/** The offsets of each batch. */
async function handedOut(from: number, batches: Buffer[], aborted: AbortedTransaction[] = []): Promise<number[][]> {
  const found: number[][] = [];
  for (const chunk = chunkOf(batches, aborted); !chunk.isEmpty; chunk.advance()) {
    found.push(chunk.records(from, false)!.map(({ offset }) => offset));
  }
  return found;
}
