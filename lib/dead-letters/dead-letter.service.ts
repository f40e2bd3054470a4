import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { KafkaSettings } from '../config/kafka-settings.js';
import { connectionSettings } from '../connection/client-settings.js';
import { NestLogger } from '../connection/nest-logger.js';
import type { ConnectionSettings, FetcherSettings } from '../engine/client/client-settings.js';
import { TopicReader } from '../engine/client/topic-reader.js';
import { ProducerFencedError } from '../engine/client/transactions/transactional-writer.js';
import { concerns, matches, type DeadLetterFilter } from '../engine/redrive/dead-letter-filter.js';
import { deadLetterOf } from '../engine/redrive/dead-letter.js';
import { Redrive, type RedriveProgress } from '../engine/redrive/redrive.js';
import { describeThrown } from '../engine/describe-thrown.js';
import { settlesWithin } from '../engine/wait.js';
import { KAFKA_SETTINGS } from '../kafka.constants.js';
import { MessagingError } from '../messaging/errors.js';
import { checkFilter, checkRedriveOptions } from './redrive-faults.js';
import { toDeadLetter, type DeadLetter } from './dead-letter.js';

/**
 * Dead letters of one kind.
 *
 * @publicApi
 */
export interface DeadLetterSummary {
  originalTopic: string;
  errorClass: string;
  count: number;

  /** When the first and the last of them were given up on. */
  oldest: Date;
  newest: Date;
}

/** @publicApi */
export interface RedriveOptions extends DeadLetterFilter {
  /** Tells what would be moved, and moves nothing; at no particular rate. @default false */
  dryRun?: boolean;

  /** Moves so many at most; the next call goes on behind them. @default no limit */
  limit?: number;

  /** Moves so many a second at most. @default no limit */
  rate?: number;

  /** Leaves out what was redriven so often already: it would come back once more. @default 3 */
  maxRedrives?: number;

  /** Stops it between two transactions; the next call goes on there. The end of the application does the same. */
  signal?: AbortSignal;

  /** Called after each transaction. What it throws is logged. */
  onProgress?: (progress: RedriveProgress) => void;
}

/**
 * What a redrive has done.
 *
 * @publicApi
 */
export interface RedriveResult extends RedriveProgress {
  /** The group, and transactional id, that keeps how far it is. */
  job: string;

  /** Whether nothing is left of what was there when the job began. */
  finished: boolean;
}

const defaultMaxRedrives = 3;

/** What a shutdown gives a redrive to end its transaction. */
const closeMs = 5_000;

/**
 * Looks at dead letters, and moves them back to their topics. Each call has connections of its own.
 *
 * @publicApi
 */
@Injectable()
export class DeadLetterService implements OnModuleDestroy {
  private readonly logger = new NestLogger(DeadLetterService.name);
  private readonly closing = new AbortController();
  private readonly redrives = new Set<Promise<unknown>>();
  private readonly connection: ConnectionSettings;
  private readonly fetching: FetcherSettings;

  constructor(@Inject(KAFKA_SETTINGS) { rackId, requestTimeoutMs, fetch, ...settings }: KafkaSettings) {
    this.connection = connectionSettings({ ...settings, rackId, requestTimeoutMs, fetch });
    this.fetching = { rackId, requestTimeoutMs, fetch };
  }

  /** Stops what is under way. */
  async onModuleDestroy(): Promise<void> {
    this.closing.abort();
    await settlesWithin(Promise.allSettled(this.redrives), closeMs);
  }

  /**
   * Counts the dead letters of a topic by where they come from and by the class of their error, the most first.
   *
   * @throws MessagingError when the topic cannot be read, or the signal is aborted before the end
   */
  async list(topic: string, filter: DeadLetterFilter = {}, signal?: AbortSignal): Promise<DeadLetterSummary[]> {
    const kinds = new Map<string, DeadLetterSummary>();
    for await (const { original, errorClass, timestamp } of this.read(topic, filter, signal)) {
      const name = JSON.stringify([original.topic, errorClass]);
      const { count = 0, oldest = timestamp, newest = timestamp } = kinds.get(name) ?? {};
      kinds.set(name, {
        originalTopic: original.topic,
        errorClass,
        count: count + 1,
        oldest: timestamp < oldest ? timestamp : oldest,
        newest: timestamp > newest ? timestamp : newest,
      });
    }
    return [...kinds.values()].sort((a, b) => b.count - a.count);
  }

  /**
   * A single dead letter.
   *
   * @throws MessagingError when there is none, the topic cannot be read, or the signal is aborted before
   */
  async show(topic: string, partition: number, offset: string | number, signal?: AbortSignal): Promise<DeadLetter> {
    const fromOffset = Number(offset);
    const filter = { partition, fromOffset, toOffset: fromOffset + 1 };
    for await (const letter of this.read(topic, filter, signal)) return letter;
    throw new MessagingError(
      `${topic}-${partition}@${offset} is no dead letter: there is no such record, or it does not say where it comes from`,
    );
  }

  /**
   * The dead letters of a topic, partition by partition. Those that come meanwhile are left out.
   *
   * @throws MessagingError when the topic cannot be read, or the signal is aborted before the end
   */
  async *read(topic: string, filter: DeadLetterFilter = {}, signal?: AbortSignal): AsyncGenerator<DeadLetter> {
    checkFilter(filter);
    const stop = this.stopping(signal);
    const reader = new TopicReader(this.connection, this.fetching, this.logger);
    try {
      for (const { partition, start, end } of await reader.ranges(topic)) {
        if (!concerns(partition, filter)) continue;
        const { fromOffset = 0, toOffset = Infinity } = filter;
        const range = { partition, start: Math.max(start, fromOffset), end: Math.min(end, toOffset) };
        for await (const { records } of reader.read(topic, range, stop)) {
          for (const record of records) {
            const letter = deadLetterOf(record);
            if (letter && matches(letter, filter)) yield toDeadLetter(letter);
          }
        }
        if (stop.aborted) throw new Error('stopped before the end');
      }
    } catch (cause) {
      throw new MessagingError(`Reading "${topic}" failed: ${(cause as Error).message}`, { cause });
    } finally {
      await reader.close();
    }
  }

  /**
   * Moves dead letters back to their topics, as they were before, for the group and the handler that gave them up. Each is
   * moved once by one filter, also when a redrive is stopped, killed or started twice; a redrive goes on where the last one of
   * its filter has stopped or ended.
   *
   * @throws MessagingError when an option is wrong, the topic cannot be read or written, or another process has taken over
   */
  async redrive(topic: string, options: RedriveOptions = {}): Promise<RedriveResult> {
    checkRedriveOptions(options);
    const { dryRun = false, limit = Infinity, rate = Infinity, maxRedrives = defaultMaxRedrives, ...rest } = options;
    const { signal, onProgress, ...filter } = rest;
    const told = (progress: RedriveProgress) => this.tell(progress, onProgress);
    const moving = { limit, rate, maxRedrives, signal: this.stopping(signal), onProgress: told };
    const redrive = new Redrive(this.connection, this.fetching, { topic, filter, dryRun, ...moving }, this.logger);
    const running = redrive.run();
    this.redrives.add(running);
    try {
      return { job: redrive.group, ...(await running) };
    } catch (cause) {
      const taken = cause instanceof ProducerFencedError;
      const what = taken ? 'another process has taken the job over, and goes on with it' : (cause as Error).message;
      throw new MessagingError(`Redriving "${topic}" failed: ${what}`, { cause });
    } finally {
      this.redrives.delete(running);
    }
  }

  private stopping(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.closing.signal]) : this.closing.signal;
  }

  private tell(progress: RedriveProgress, onProgress: RedriveOptions['onProgress']): void {
    try {
      onProgress?.(progress);
    } catch (error) {
      const { text, stack } = describeThrown(error);
      this.logger.error(`onProgress has thrown, the redrive goes on: ${text}`, stack);
    }
  }
}
