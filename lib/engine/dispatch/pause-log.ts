import { placesField } from '../log-fields.js';
import type { EngineLogger } from '../logger.js';
import type { AssignedPartition } from './assigned-partition.js';

/** To be paused for less is how a consumer catches up. */
const lastingMs = 5_000;

/** How often, at most, it is told of a partition. */
const intervalMs = 60_000;

type Pausable = Pick<AssignedPartition, 'name' | 'topic' | 'partition' | 'isOwned' | 'load'>;

/** Tells of partitions that backpressure holds up for long, and when they go on: of all that do at a time in one line. */
export class PauseLog {
  /** What was told of and is paused yet, and since when. */
  private readonly told = new Map<Pausable, number>();

  /** When a partition was told of last, by name. */
  private readonly toldAt = new Map<string, number>();

  constructor(
    private readonly group: string,
    private readonly logger: EngineLogger,
  ) {}

  /** To be called about once a second. @param now in ms since 1970 */
  look(paused: ReadonlyMap<Pausable, number>, now: number): void {
    const resumed = [...this.told].filter(([partition, since]) => paused.get(partition) !== since);
    for (const [partition] of resumed) this.told.delete(partition);
    this.tellResumed(resumed.map(([partition]) => partition).filter(({ isOwned }) => isOwned));
    const lasting = [...paused].filter(([partition, since]) => now - since >= lastingMs && this.isNews(partition, now));
    for (const [partition, since] of lasting) this.told.set(partition, since);
    this.tellPaused(lasting.map(([partition]) => partition));
  }

  private isNews(partition: Pausable, now: number): boolean {
    if (this.told.has(partition) || now - (this.toldAt.get(partition.name) ?? -Infinity) < intervalMs) return false;
    this.toldAt.set(partition.name, now);
    return true;
  }

  private tellPaused(partitions: readonly Pausable[]): void {
    if (partitions.length === 0) return;
    const records = partitions.reduce((sum, { load }) => sum + load.records, 0);
    this.logger.log(
      `Group "${this.group}" fetches nothing of ${namesOf(partitions)} for ${lastingMs / 1000} s now: handlers are slower than the ` +
        `topic, ${records} records of it wait here (backpressure)`,
      { event: 'paused', group: this.group, ...placesField(partitions), records },
    );
  }

  private tellResumed(partitions: readonly Pausable[]): void {
    if (partitions.length === 0) return;
    this.logger.log(`Group "${this.group}" fetches ${namesOf(partitions)} again (backpressure)`, {
      event: 'resumed',
      group: this.group,
      ...placesField(partitions),
    });
  }
}

function namesOf(partitions: readonly Pausable[]): string {
  return partitions
    .map(({ name }) => name)
    .toSorted()
    .join(', ');
}
