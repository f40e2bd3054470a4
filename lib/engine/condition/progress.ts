import { partitionName, type ConsumerClient, type TopicPartition } from '../client/consumer-client.js';
import type { AssignedPartition } from '../dispatch/assigned-partition.js';
import { look, type Standing } from './standing.js';

/** The end of a partition that stands still with nothing open is asked for after such a time, and again. */
const firstAskMs = 10_000;
const askAgainMs = 30_000;

/** A partition that comes back within such a time, to the same position, has made no progress meanwhile. */
const rememberedMs = 60_000;

interface Known extends Standing {
  readonly seenAt: number;
  readonly askedAt: number;
}

/** What progress is looked for in. */
export interface ProgressDuties {
  partitions(): readonly AssignedPartition[];
  client(): Pick<ConsumerClient, 'endsOf' | 'unansweredMs'> | undefined;

  /** Records are there to be fetched, and nothing of the client fetches them. */
  wedged(reason: string): void;
}

/**
 * Sees partitions that do not go on: whose oldest open record is not completed, or which have records to read and bring none.
 * Heartbeats say nothing about that. Times are by a clock that nobody sets.
 */
export class Progress {
  /** By name: a partition that is lost and read again, at the same position, stands as it stood. */
  private readonly known = new Map<string, Known>();

  /** @param limitMs how long fetches of a partition that has records may go unanswered */
  constructor(
    private readonly duties: ProgressDuties,
    private readonly limitMs: number,
  ) {}

  /** Milliseconds for which a partition should have gone on; 0 while it has nothing to do or is paused. */
  stalledMs(partition: TopicPartition, now = performance.now()): number {
    const standing = this.known.get(partitionName(partition));
    return standing?.isStalled ? Math.round(now - standing.since) : 0;
  }

  /** To be called every second or so. */
  look(now = performance.now()): void {
    for (const [name, { seenAt }] of this.known) if (now - seenAt > rememberedMs) this.known.delete(name);
    for (const partition of this.duties.partitions()) this.note(partition, owed(partition), now);
    void this.askForEnds(now);
    this.lookForWedged(now);
  }

  /** Between two clients everything stands still: what ended the client is told elsewhere. */
  private note(partition: AssignedPartition, isOwed: boolean | undefined, now: number): void {
    const before = this.known.get(partition.name);
    const isPaused = partition.isPausedFor('application') && partition.running === 0;
    const standing = look(before, { position: partition.position.offset, isOwed, isPaused }, now);
    const askedAt = before?.position === standing.position ? before.askedAt : -Infinity;
    this.known.set(partition.name, { ...standing, seenAt: now, askedAt });
  }

  /** Of partitions of which nothing is here, only the broker knows whether there is something to do. */
  private async askForEnds(now: number): Promise<void> {
    const quiet = this.quiet.filter(({ name }) => {
      const { movedAt, askedAt } = this.known.get(name)!;
      return now - movedAt >= firstAskMs && now - askedAt >= askAgainMs;
    });
    if (quiet.length === 0) return;
    for (const { name } of quiet) this.known.set(name, { ...this.known.get(name)!, askedAt: now });
    const ends =
      (await this.duties
        .client()
        ?.endsOf(quiet)
        .catch(() => [])) ?? []; // those who know will be asked again
    const byName = new Map(ends.map((end) => [partitionName(end), end.offset]));
    for (const partition of this.quiet.filter((one) => quiet.includes(one))) {
      const end = byName.get(partition.name);
      if (end !== undefined) this.note(partition, end > partition.position.offset, now);
    }
  }

  private lookForWedged(now: number): void {
    const client = this.duties.client();
    const wedged = this.quiet.find((partition) => {
      const isTooLong = this.stalledMs(partition, now) > this.limitMs;
      return isTooLong && (client?.unansweredMs(partition) ?? 0) > this.limitMs;
    });
    if (!wedged) return;
    const { name, position } = wedged;
    this.duties.wedged(
      `${name} has records from ${position.offset} on, and no fetch of it was answered for more than ${this.limitMs} ms`,
    );
  }

  private get quiet(): AssignedPartition[] {
    return this.duties.partitions().filter(({ load, pausedFor }) => load.records === 0 && pausedFor.length === 0);
  }
}

/** `undefined` where nothing is here: there may be something to fetch, or not. */
function owed({ load, isDue }: AssignedPartition): boolean | undefined {
  return load.records === 0 ? undefined : isDue;
}
