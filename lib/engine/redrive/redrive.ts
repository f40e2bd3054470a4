import type { ConnectionSettings, FetcherSettings } from '../client/client-settings.js';
import type { ConsumedRecord } from '../client/consumer-client.js';
import type { OutgoingRecord } from '../client/record-publisher.js';
import { TopicNotReadableError, TopicReader, type LogRange } from '../client/topic-reader.js';
import { recordToSend } from '../client/outgoing.js';
import { TransactionClient } from '../client/transactions/transaction-client.js';
import { ProducerFencedError } from '../client/transactions/transactional-writer.js';
import { describeThrown } from '../describe-thrown.js';
import { placeFields } from '../log-fields.js';
import type { EngineLogger } from '../logger.js';
import { backoffDelay, type Backoff } from '../recovery/backoff.js';
import { wait } from '../wait.js';
import { concerns, filterId, matches, type DeadLetterFilter } from './dead-letter-filter.js';
import { deadLetterOf, redriven } from './dead-letter.js';
import { isRefusal, Refusals, type Refusal } from './refusals.js';

export interface RedriveSettings {
  topic: string;
  filter: DeadLetterFilter;

  /** Nothing is moved, and no position kept. */
  dryRun: boolean;

  /** Moves so many at most. */
  limit: number;

  /** Moves so many a second at most. */
  rate: number;

  /** Leaves out what was redriven so often already. */
  maxRedrives: number;
  signal: AbortSignal;
  onProgress: (progress: RedriveProgress) => void;
}

/**
 * How far a redrive is, in dead letters.
 *
 * @publicApi
 */
export interface RedriveProgress {
  /** To look at in all; a little too many where the log has gaps. */
  total: number;
  scanned: number;
  moved: number;

  /** Matching ones that could not be written; the log names each, and they stay where they are. */
  failed: number;

  /** Matching ones that were redriven too often before. */
  exhausted: number;

  /** Records that do not say where they come from. */
  foreign: number;
}

/** Moved in one transaction. */
const mostInTransaction = 500;

/** Records looked at before the position is kept, though nothing was to be moved. */
const mostWithoutPosition = 10_000;

const backoff: Backoff = { initialDelayMs: 250, multiplier: 2, maxDelayMs: 5_000, jitter: 'full' };
const mostFailuresInARow = 8;

/** A batch of them has to stay below what brokers take, 1 MiB by default. */
const mostBytesInTransaction = 524_288;

/** What is to be moved next, the position behind it, and what was looked at for it. */
interface Step extends Omit<RedriveProgress, 'total' | 'moved'> {
  partition: number;
  next: number;
  records: OutgoingRecord[];
  bytes: number;
}

function nothingYet(): RedriveProgress {
  return { total: 0, scanned: 0, moved: 0, failed: 0, exhausted: 0, foreign: 0 };
}

/**
 * Moves dead letters back to their topics. A job is what one filter has to do up to the ends that the topic has when it
 * begins; a group named by the filter keeps how far it is, written in the transaction that moves the records: each is moved
 * once, whatever happens meanwhile. A job that was stopped goes on; a new one begins where the last of the filter has ended.
 */
export class Redrive {
  readonly group: string;
  private readonly reader: TopicReader;
  private progress = nothingYet();
  private failures = 0;

  /** Being moved; whether it was is not known if that fails. */
  private underWay: Step | undefined;

  private readonly refusals = new Refusals();

  constructor(
    private readonly connection: ConnectionSettings,
    fetching: FetcherSettings,
    private readonly settings: RedriveSettings,
    private readonly logger: EngineLogger,
  ) {
    this.group = `redrive.${settings.topic}.${filterId(settings.filter)}`;
    this.reader = new TopicReader(connection, fetching, logger);
  }

  /**
   * @returns how much was done, and whether nothing of the job is left
   * @throws ProducerFencedError when another process has taken the job over
   * @throws TopicNotReadableError when there are no such dead letters
   */
  async run(): Promise<RedriveProgress & { finished: boolean }> {
    try {
      for (;;) {
        try {
          const finished = await this.runOnce();
          return { ...this.progress, finished };
        } catch (error) {
          await this.recoverFrom(error);
        }
      }
    } finally {
      await this.reader.close();
    }
  }

  /** @throws what it cannot mend */
  private async recoverFrom(error: unknown): Promise<void> {
    if (error instanceof ProducerFencedError || error instanceof TopicNotReadableError) throw error;
    if (isRefusal(error)) return this.narrowDown(error);
    if (++this.failures > mostFailuresInARow) throw error;
    const delayMs = backoffDelay(this.failures, backoff);
    this.logger.warn(`Redriving failed, going on in ${Math.round(delayMs)} ms: ${describeThrown(error).text}`);
    await wait(delayMs, this.settings.signal);
  }

  /** What a broker refuses is found by itself, and left where it is. */
  private narrowDown(refusal: Refusal): void {
    const { underWay } = this;
    const [record] = underWay?.records ?? [];
    if (!underWay || !record) throw refusal;
    this.refusals.narrowDown(refusal, record, letterName(underWay));
  }

  /** With a producer of its own; from where the group is. */
  private async runOnce(): Promise<boolean> {
    if (this.settings.dryRun) return this.tell();
    const client = new TransactionClient(this.connection, this.group, this.logger);
    const writer = client.writer(this.group);
    try {
      await writer.init(); // what an earlier one has begun counts, or does not, from now on
      const work = await this.work();
      const { topic } = this.settings;
      const ends = new Map(work.map(({ partition, end }) => [partition, end]));
      const positions = work.map(({ start, end, ...at }) => ({ topic, ...at, offset: start, metadata: String(end) }));
      if (work.some(({ start, end }) => start < end)) await writer.write([], positions);
      return await this.go(work, async ({ partition, next, records }) => {
        const position = { topic, partition, offset: next, metadata: String(ends.get(partition)) };
        await writer.write(
          records.map((record) => recordToSend(record, this.refusals.compress)),
          [position],
        );
      });
    } finally {
      await client.close();
    }
  }

  private async tell(): Promise<boolean> {
    this.progress = nothingYet();
    return this.go(await this.work(), () => Promise.resolve());
  }

  /** What is left of each partition. */
  private async work(): Promise<LogRange[]> {
    const { topic, filter } = this.settings;
    const ranges = await this.reader.ranges(topic);
    const committed = await this.reader.committed(this.group, topic, ranges.length);
    const { underWay } = this;
    if (
      underWay &&
      committed.some(({ partition, offset }) => partition === underWay.partition && offset >= underWay.next)
    )
      this.count(underWay);
    this.underWay = undefined;
    const known = ranges.map((range) => {
      const { offset = -1, metadata = '' } = committed.find(({ partition }) => partition === range.partition) ?? {};
      return { range, offset, end: Number(metadata) };
    });
    const isUnfinished = known.some(({ offset, end }) => offset >= 0 && offset < end);
    const work = known.map(({ range, offset, end }) => ({
      partition: range.partition,
      start: Math.max(range.start, offset),
      end: isUnfinished ? Math.max(end, 0) : range.end,
    }));
    const concerned = work.filter(({ partition }) => concerns(partition, filter));
    const left = concerned.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0);
    this.progress.total = this.progress.scanned + left;
    return concerned;
  }

  private async go(work: readonly LogRange[], move: (step: Step) => Promise<void>): Promise<boolean> {
    for (const range of work) {
      if (this.isOver) break;
      for await (const step of this.steps(range)) {
        if (this.settings.signal.aborted) break;
        const startedAt = Date.now();
        this.underWay = step;
        await move(step);
        this.underWay = undefined;
        this.failures = 0;
        this.count(step);
        if (this.isOver) return this.isDone(step, range, work);
        await this.keepPace(startedAt, step.records.length);
      }
    }
    return !this.isOver;
  }

  private get isOver(): boolean {
    return this.settings.signal.aborted || this.progress.moved >= this.settings.limit;
  }

  private isDone({ next }: Step, range: LogRange, work: readonly LogRange[]): boolean {
    const later = work.slice(work.indexOf(range) + 1);
    return next >= range.end && later.every(({ start, end }) => start >= end);
  }

  private count({ records, scanned, failed, exhausted, foreign }: Step): void {
    this.progress.moved += records.length;
    this.progress.scanned += scanned;
    this.progress.failed += failed;
    this.progress.exhausted += exhausted;
    this.progress.foreign += foreign;
    this.settings.onProgress({ ...this.progress });
  }

  /** Cuts a partition into what is moved at a time. */
  private async *steps(range: LogRange): AsyncGenerator<Step> {
    let step = emptyStep(range.partition, range.start);
    for await (const { records, next } of this.reader.read(this.settings.topic, range, this.settings.signal)) {
      for (const record of records) {
        if (step.records.length > 0 && step.bytes + record.size > mostBytesInTransaction) {
          yield step;
          step = emptyStep(range.partition, step.next);
        }
        this.look(record, step);
        if (step.records.length < this.mostAtATime) continue;
        yield step;
        step = emptyStep(range.partition, step.next);
      }
      step.next = next;
      if (step.scanned < mostWithoutPosition && !this.settings.signal.aborted) continue;
      yield step;
      step = emptyStep(range.partition, next);
    }
    yield step;
  }

  private get mostAtATime(): number {
    const { limit, rate } = this.settings;
    if (this.refusals.areSought) return 1;
    return Math.max(1, Math.min(mostInTransaction, limit - this.progress.moved, Math.ceil(rate / 4)));
  }

  private look(record: ConsumedRecord, step: Step): void {
    const letter = deadLetterOf(record);
    step.next = record.offset + 1;
    step.scanned++;
    if (!letter) step.foreign++;
    if (!letter || !matches(letter, this.settings.filter)) return;
    if (letter.redrives >= this.settings.maxRedrives) {
      step.exhausted++;
      return;
    }
    const reason = this.refusals.reasonFor(letter.originalTopic, letterName(step));
    if (reason === undefined) {
      step.records.push(redriven(letter));
      step.bytes += record.size;
    } else {
      step.failed++;
      const place = `${this.settings.topic}-${letterName(step)}`;
      this.logger.error(
        `${place} cannot go back to ${letter.originalTopic}, and stays where it is: ${reason}`,
        undefined,
        {
          event: 'held',
          ...placeFields(record),
          to: { topic: letter.originalTopic },
          error: reason,
        },
      );
    }
  }

  private async keepPace(startedAt: number, moved: number): Promise<void> {
    const { dryRun, rate, signal } = this.settings;
    if (!dryRun) await wait(startedAt + (moved / rate) * 1000 - Date.now(), signal);
  }
}

function emptyStep(partition: number, next: number): Step {
  return { partition, next, records: [], bytes: 0, scanned: 0, failed: 0, exhausted: 0, foreign: 0 };
}

/** Of the last one that was looked at. */
function letterName({ partition, next }: Step): string {
  return `${partition}@${next - 1}`;
}
