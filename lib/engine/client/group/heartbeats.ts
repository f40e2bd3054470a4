import type { EngineLogger } from '../../logger.js';
import { settlesWithin, wait } from '../../wait.js';
import { describe, ErrorCode, isMembershipLost } from '../connection/protocol-errors.js';

/** Why a membership ended: the group rebalances, or it goes on without this member. */
export type MembershipEnd = { kind: 'rebalance' } | { kind: 'lost'; reason: string };

/**
 * Keeps a membership alive on a timer of its own, whatever handlers, fetches and commits do, from the join until
 * stopped; also while a rebalance waits for this member to give up its partitions.
 */
export class Heartbeats {
  private readonly stopped = new AbortController();
  private lastSuccess = Date.now();

  constructor(
    private readonly send: () => Promise<number>,
    private readonly intervals: { heartbeatIntervalMs: number; sessionTimeoutMs: number },
    private readonly onEnd: (end: MembershipEnd) => void,
    private readonly logger: EngineLogger,
  ) {}

  start(): void {
    void this.beat();
  }

  stop(): void {
    this.stopped.abort();
  }

  /** The broker has not been heard of for a session, so others may own what we think is ours. */
  get expired(): boolean {
    return this.silence > this.intervals.sessionTimeoutMs;
  }

  private get silence(): number {
    return Date.now() - this.lastSuccess;
  }

  private async beat(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      await wait(this.intervals.heartbeatIntervalMs, this.stopped.signal);
      if (this.stopped.signal.aborted) return;
      const code = this.expired ? undefined : await this.answerInTime();
      if (this.stopped.signal.aborted) return;
      if (code === ErrorCode.RebalanceInProgress) this.onEnd({ kind: 'rebalance' });
      const reason = this.lossReason(code);
      if (reason) return this.onEnd({ kind: 'lost', reason });
    }
  }

  /** An answer that comes after the session has expired is none. */
  private async answerInTime(): Promise<number | undefined> {
    const answer = this.trySend();
    const expiresIn = this.lastSuccess + this.intervals.sessionTimeoutMs - Date.now();
    return (await settlesWithin(answer, expiresIn + 1)) ? answer : undefined;
  }

  private async trySend(): Promise<number | undefined> {
    try {
      const code = await this.send();
      if (code === ErrorCode.None || code === ErrorCode.RebalanceInProgress) this.lastSuccess = Date.now();
      return code;
    } catch (error) {
      this.logger.warn(`Heartbeat failed, trying again: ${(error as Error).message}`);
      return undefined;
    }
  }

  private lossReason(code: number | undefined): string | undefined {
    if (code !== undefined && isMembershipLost(code))
      return describe(code, 'the coordinator answered a heartbeat').message;
    return this.expired ? `no heartbeat was answered for ${this.silence} ms, the session has expired` : undefined;
  }
}
