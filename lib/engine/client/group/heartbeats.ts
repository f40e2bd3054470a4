import type { EngineLogger } from '../../logger.js';
import { settlesWithin, wait } from '../../wait.js';
import { describe, ErrorCode, isRetriable } from '../connection/protocol-errors.js';

/**
 * The first wait after a join; each further one is twice as long, up to the interval. A rebalance often follows on
 * another (KIP-429 joins twice), and is learnt of by a heartbeat only.
 */
const firstWaitMs = 25;

export interface HeartbeatListener {
  /** The group waits for its members to join again. Told with every heartbeat until they have. */
  rebalancing(): void;

  /** The group goes on without this member. No heartbeat follows. */
  lost(reason: string, errorCode: number): void;
}

/**
 * Keeps a membership alive on a timer of its own, whatever handlers, fetches, commits and joins do, from the first join
 * until stopped.
 */
export class Heartbeats {
  private readonly stopped = new AbortController();
  private wake = new AbortController();
  private waitMs = firstWaitMs;
  private dueAt = 0;
  private lastSuccess = Date.now();

  constructor(
    private readonly send: () => Promise<number>,
    private readonly intervals: { heartbeatIntervalMs: number; sessionTimeoutMs: number },
    private readonly listener: HeartbeatListener,
    private readonly logger: EngineLogger,
  ) {}

  start(): void {
    void this.beat();
  }

  stop(): void {
    this.stopped.abort();
    this.wake.abort();
  }

  /** Looks soon, and often for a while: something has changed, or may have. One that is due sooner is not put off. */
  hurry(): void {
    this.waitMs = firstWaitMs;
    this.dueAt = Math.min(this.dueAt, Date.now() + this.nextWaitMs());
    this.wake.abort();
  }

  /** The coordinator has answered something else that proves the membership. */
  proved(): void {
    this.lastSuccess = Date.now();
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
      await this.pause();
      if (this.stopped.signal.aborted) return;
      const code = this.expired ? undefined : await this.answerInTime();
      if (this.stopped.signal.aborted) return;
      const reason = this.lossReason(code);
      if (reason !== undefined) {
        this.stop();
        return this.listener.lost(reason, code ?? ErrorCode.None);
      }
      if (code === ErrorCode.RebalanceInProgress) this.listener.rebalancing();
    }
  }

  private async pause(): Promise<void> {
    this.dueAt = Date.now() + this.nextWaitMs();
    while (!this.stopped.signal.aborted && Date.now() < this.dueAt) {
      this.wake = new AbortController();
      await wait(this.dueAt - Date.now(), this.wake.signal);
    }
  }

  private nextWaitMs(): number {
    const waitMs = Math.min(this.waitMs, this.intervals.heartbeatIntervalMs);
    this.waitMs = waitMs * 2;
    return waitMs;
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
      if (code === ErrorCode.None || code === ErrorCode.RebalanceInProgress) this.proved();
      return code;
    } catch (error) {
      this.logger.warn(`Heartbeat failed, trying again: ${(error as Error).message}`);
      return undefined;
    }
  }

  private lossReason(code: number | undefined): string | undefined {
    if (this.expired) return `no heartbeat was answered for ${this.silence} ms, the session has expired`;
    if (code === undefined || code === ErrorCode.None || code === ErrorCode.RebalanceInProgress) return undefined;
    return isRetriable(code) ? undefined : describe(code, 'the coordinator answered a heartbeat').message;
  }
}
