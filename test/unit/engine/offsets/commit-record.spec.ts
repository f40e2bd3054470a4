import { describe, expect, it } from '@jest/globals';
import { CommitRecord } from '../../../../lib/engine/offsets/commit-record.js';

const at = (partition: number) => ({ topic: 'orders', partition, offset: 5 });

describe('A record of commits', () => {
  it('counts them, and tells the next', () => {
    const told: string[] = [];
    const record = new CommitRecord({
      committed: (positions) => told.push(`committed ${positions.length}`),
      commitFailed: (positions, { message }) => told.push(`failed ${positions.length}: ${message}`),
    });
    record.committed([at(0), at(1)]);
    record.commitFailed([at(0)], new Error('boom'));
    record.committed([at(0)]);

    expect([record.commits, record.commitFailures]).toEqual([2, 1]);
    expect(told).toEqual(['committed 2', 'failed 1: boom', 'committed 1']);
  });

  it('remembers whose fail, since when and why, until one is taken', () => {
    const record = new CommitRecord();
    const before = performance.now();
    record.commitFailed([at(0), at(1)], new Error('boom'));
    record.commitFailed([at(0)], new Error('worse'));
    record.committed([at(1)]);

    expect(record.trouble(at(0), before + 30_000)).toEqual({ forMs: expect.any(Number), error: 'worse' });
    expect(record.trouble(at(0), before + 30_000)!.forMs).toBeGreaterThan(29_000);
    expect(record.trouble(at(1))).toBeNull();

    record.committed([at(0)]);
    expect(record.trouble(at(0))).toBeNull();
  });

  it('forgets those of a partition of which nothing is heard any more', () => {
    const record = new CommitRecord();
    record.commitFailed([at(0)], new Error('boom'));

    const later = performance.now();
    expect(record.trouble(at(0), later + 240_000)).not.toBeNull(); // a transaction may take long, and a handler before it
    expect(record.trouble(at(0), later + 301_000)).toBeNull();
  });
});
