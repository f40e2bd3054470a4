import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { ErrorCode } from '../../../../../lib/engine/client/connection/protocol-errors.js';
import type { FetchedPartition } from '../../../../../lib/engine/client/fetch/fetch-response.js';
import { everythingDue } from '../../../../support/consuming-application.js';
import { encodeBatch } from '../../../../support/record-batches.js';
import { answered, failing, Fetching, notLeader, type PendingFetch } from './fetching.js';

const partitions = [0, 1, 2];
const lastOffset = 40;
const batchOffsets = 4;

/** Whatever is asked for in whatever order, each partition gets its records once, in order, and only while it wants them. */
describe('Fetcher', () => {
  let log: Buffer[];

  beforeEach(async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask'] });
    const starts = Array.from({ length: lastOffset / batchOffsets }, (_, batch) => batch * batchOffsets);
    log = await Promise.all(
      starts.map((start) => {
        const records = Array.from({ length: batchOffsets }, (_, n) => ({
          offset: start + n,
          value: Buffer.alloc(20),
        }));
        return encodeBatch(records, { compression: start % 3 === 0 ? 'gzip' : 'none' });
      }),
    );
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('hands out every record once and in order, come what may', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 10, maxLength: 60 }), settingsOfBuffer, async (steps, buffer) => {
        const run = new Run(log, buffer);
        for (const step of steps) await run.take(step);
        await run.finish();
        run.stop();
        expect(run.violations).toEqual([]);
        expect(run.positions).toEqual(partitions.map(() => lastOffset));
      }),
      { numRuns: 200 },
    );
  });
});

type Step =
  | { do: 'add' | 'seek'; partition: number; offset: number }
  | { do: 'remove' | 'pause' | 'resume'; partition: number }
  | { do: 'answer' | 'cut off' | 'fail' | 'refuse' | 'lose'; fetch: number }
  | { do: 'wait'; ms: number };

const partition = fc.constantFrom(...partitions);
const offset = fc.nat(lastOffset - 1);
const fetch = fc.nat(3);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('add' as const, 'seek' as const), partition, offset }),
  fc.record({ do: fc.constantFrom('remove' as const, 'pause' as const, 'resume' as const), partition }),
  { arbitrary: fc.record({ do: fc.constantFrom('answer' as const, 'cut off' as const), fetch }), weight: 4 },
  fc.record({ do: fc.constantFrom('fail' as const, 'refuse' as const, 'lose' as const), fetch }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(600) }),
);
const settingsOfBuffer = fc.record({
  maxBufferedBytes: fc.constantFrom(100, 1_000, 100_000),
  maxBytesPerPartition: fc.constantFrom(50, 200, 10_000),
});

/** What is expected of each partition, beside what it gets. */
class Run {
  readonly violations: string[] = [];
  private readonly fetching: Fetching;
  private readonly expected = new Map<number, number>();
  private readonly paused = new Set<number>();

  constructor(
    private readonly log: readonly Buffer[],
    buffer: { maxBufferedBytes: number; maxBytesPerPartition: number },
  ) {
    this.fetching = new Fetching(buffer);
    this.fetching.end = Promise.resolve(lastOffset);
    this.fetching.onRecords = (event) => this.check(event);
  }

  get positions(): (number | undefined)[] {
    return partitions.map((partition) => this.expected.get(partition));
  }

  async take(step: Step): Promise<void> {
    if ('partition' in step) this.change(step);
    else if ('ms' in step) await jest.advanceTimersByTimeAsync(step.ms);
    else this.answer(step.do, this.fetching.pending.splice(step.fetch % (this.fetching.pending.length || 1), 1)[0]);
    await everythingDue();
  }

  /** All partitions are read to their end. */
  async finish(): Promise<void> {
    for (const partition of partitions) {
      if (!this.expected.has(partition)) this.change({ do: 'add', partition, offset: 0 });
      this.change({ do: 'resume', partition });
    }
    for (let round = 0; round < 3000 && this.positions.some((position) => position !== lastOffset); round++) {
      await this.take({ do: 'answer', fetch: round });
      await this.take({ do: 'wait', ms: 10 });
    }
  }

  stop(): void {
    this.fetching.stop();
  }

  private change(step: Extract<Step, { partition: number }>): void {
    const { fetching, expected, paused } = this;
    const { partition } = step;
    if (step.do === 'add') {
      fetching.add([partition, step.offset]);
      expected.set(partition, step.offset);
      paused.delete(partition);
    } else if (step.do === 'seek') {
      fetching.seek(partition, step.offset);
      if (expected.has(partition)) expected.set(partition, step.offset);
    } else {
      fetching[step.do](partition);
      if (step.do === 'remove') expected.delete(partition);
      if (step.do === 'pause' && expected.has(partition)) paused.add(partition);
      else paused.delete(partition);
    }
  }

  /** @param event `0: 5,6 next 7` */
  private check(event: string): void {
    const [, number, list, next] = /^(\d): ([\d,]*) next (\d+)$/.exec(event)!;
    const partition = Number(number);
    const from = this.expected.get(partition);
    if (from === undefined || this.paused.has(partition)) this.violations.push(`not wanted: ${event}`);
    const all = Array.from({ length: Number(next) - (from ?? 0) }, (_, n) => n + (from ?? 0));
    if (all.join() !== list) this.violations.push(`expected from ${from}: ${event}`);
    this.expected.set(partition, Number(next));
    if (this.fetching.position(partition) !== Number(next)) this.violations.push(`position is not ${next}`);
  }

  private answer(kind: Extract<Step, { fetch: number }>['do'], fetch: PendingFetch | undefined): void {
    if (!fetch) return;
    if (kind === 'lose') return fetch.answer.reject(new Error('connection lost'));
    const code = kind === 'fail' ? notLeader : ErrorCode.OffsetOutOfRange;
    const read = (asked: PendingFetch['request']['partitions'][number], at: number): FetchedPartition => {
      if (kind === 'fail' || kind === 'refuse') return failing(asked.partition.partition, code);
      return this.read(asked, kind === 'cut off' || at > 0 ? asked.maxBytes : Infinity);
    };
    fetch.answer.resolve({ errorCode: 0, partitions: fetch.request.partitions.map(read) });
  }

  /** From the batch on that holds the offset; cut off anywhere, as brokers do it. */
  private read(asked: PendingFetch['request']['partitions'][number], maxBytes: number): FetchedPartition {
    const bytes = Buffer.concat(this.log.slice(Math.floor(asked.offset / batchOffsets)));
    return { ...answered(asked.partition.partition, bytes.subarray(0, maxBytes)), lastStableOffset: lastOffset };
  }
}
