import { describeThrown } from '../describe-thrown.js';

/** A client that lived as long was not one of those that fail again and again. */
const longLifeMs = 60_000;

/**
 * That a consumer's clients end again and again: none of the last ones has lived for a minute.
 *
 * @publicApi
 */
export interface ClientFailures {
  /** How many in a row. */
  count: number;

  /** Milliseconds from the end of the first of them to that of the last. */
  forMs: number;

  /** Why the last one ended. */
  error: string;
}

/** How the clients of a consumer have ended, one after the other. Times are by a clock that nobody sets. */
export class ClientHistory {
  private made = 0;
  private bornAt: number | undefined;
  private inARow = 0;
  private since = 0;
  private until = 0;
  private lastError = '';
  private replacedFor: string | undefined;

  /** How often a client was followed by another. */
  get restarts(): number {
    return Math.max(0, this.made - 1);
  }

  began(now = performance.now()): void {
    this.made++;
    this.bornAt = now;
    this.replacedFor = undefined;
  }

  /** It is about to be ended, for this reason. */
  replaced(reason: string): void {
    this.replacedFor = reason;
  }

  ended(error?: unknown, now = performance.now()): void {
    if (this.isLongLived(now)) this.inARow = 0;
    if (this.inARow++ === 0) this.since = now;
    this.until = now;
    this.bornAt = undefined;
    this.lastError = this.replacedFor ?? describeEnd(error);
  }

  /** `null` once a client has lived long. */
  failures(now = performance.now()): ClientFailures | null {
    if (this.inARow === 0 || this.isLongLived(now)) return null;
    return { count: this.inARow, forMs: Math.round(this.until - this.since), error: this.lastError };
  }

  private isLongLived(now: number): boolean {
    return this.bornAt !== undefined && now - this.bornAt > longLifeMs;
  }
}

function describeEnd(error: unknown): string {
  if (error === undefined) return 'its client ended without an error';
  return error instanceof Error ? error.message : describeThrown(error).text;
}
