import type { EngineLogger } from '../../logger.js';
import { errorFields } from '../../log-fields.js';
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

  /** The coordinator is silent: what the heartbeat was sent on is to be given up. Another follows soon. */
  unanswered(inARow: number): void;

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

  /** The same by a clock that nobody sets. */
  private lastSuccessAt = performance.now();

  /** Heartbeats in a row that were not answered. */
  private unanswered = 0;

  constructor(
    private readonly send: () => Promise<number>,
    private readonly intervals: { heartbeatIntervalMs: number; sessionTimeoutMs: number; group?: string },
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
    this.lastSuccessAt = performance.now();
  }

  /** The broker has not been heard of for a session, so others may own what we think is ours. */
  get expired(): boolean {
    return this.silence > this.intervals.sessionTimeoutMs;
  }

  /**
   * Milliseconds since the coordinator last proved the membership, by the clock that says more: one may be set back, the other
   * stands still while the machine is suspended.
   */
  get silence(): number {
    return Math.max(Date.now() - this.lastSuccess, Math.round(performance.now() - this.lastSuccessAt));
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
    for (let leftMs = this.leftMs; leftMs > 0 && !this.stopped.signal.aborted; leftMs = this.leftMs) {
      this.wake = new AbortController();
      await wait(leftMs, this.wake.signal);
    }
    if (!this.stopped.signal.aborted) this.noteBlocked(Date.now() - this.dueAt);
  }

  /** More than an interval is left only when the clock was set back meanwhile. */
  private get leftMs(): number {
    const leftMs = this.dueAt - Date.now();
    return leftMs > this.intervals.heartbeatIntervalMs ? 0 : leftMs;
  }

  private nextWaitMs(): number {
    const waitMs = Math.min(this.waitMs, this.intervals.heartbeatIntervalMs);
    this.waitMs = waitMs * 2;
    return waitMs;
  }

  /**
   * A connection may be dead and not say so. To find out while the session lasts, an answer that takes longer than a third
   * of it is none, nor is one that comes after its end.
   */
  private async answerInTime(): Promise<number | undefined> {
    const { sessionTimeoutMs } = this.intervals;
    const patienceMs = Math.floor(sessionTimeoutMs / 3);
    const expiresAt = this.lastSuccess + sessionTimeoutMs;
    const givenUpAt = Math.min(Date.now() + patienceMs, expiresAt) + 1;
    const answer = this.send();
    if (await settlesWithin(answer, givenUpAt - Date.now())) return this.take(answer);
    if (!this.stopped.signal.aborted) this.giveUp(patienceMs, Date.now() - givenUpAt);
    return undefined;
  }

  private giveUp(patienceMs: number, lateMs: number): void {
    this.noteBlocked(lateMs);
    if (!this.expired) {
      this.logger.warn(
        `A heartbeat was not answered within ${patienceMs} ms, a third of the session; trying again on a new connection`,
        { event: 'heartbeat-failed', group: this.intervals.group, durationMs: patienceMs },
      );
    }
    this.waitMs = firstWaitMs;
    this.listener.unanswered(++this.unanswered);
  }

  private async take(answer: Promise<number>): Promise<number | undefined> {
    try {
      const code = await answer;
      this.unanswered = 0;
      if (code === ErrorCode.None || code === ErrorCode.RebalanceInProgress) this.proved();
      return code;
    } catch (error) {
      if (!this.stopped.signal.aborted)
        this.logger.warn(`Heartbeat failed, trying again: ${(error as Error).message}`, {
          event: 'heartbeat-failed',
          group: this.intervals.group,
          ...errorFields(error),
        });
      return undefined;
    }
  }

  /**
   * Explains the loss of the session where it is this process that was silent. The time since the last answer counts
   * too, so half of the session is enough to blame.
   *
   * @param ms how much later a timer fired than it was due
   */
  private noteBlocked(ms: number): void {
    const { sessionTimeoutMs } = this.intervals;
    if (!this.expired || ms < sessionTimeoutMs / 2) return;
    this.logger.warn(
      `The event loop was blocked for ${ms} ms or more, or the process was suspended: no heartbeat could be sent within the ` +
        `session timeout of ${sessionTimeoutMs} ms. Work of that length belongs in a worker thread, or between awaits`,
      { event: 'heartbeat-failed', group: this.intervals.group, durationMs: ms },
    );
  }

  private lossReason(code: number | undefined): string | undefined {
    if (this.expired) return `no heartbeat was answered for ${this.silence} ms, the session has expired`;
    if (code === undefined || code === ErrorCode.None || code === ErrorCode.RebalanceInProgress) return undefined;
    return isRetriable(code) ? undefined : describe(code, 'the coordinator answered a heartbeat').message;
  }
}
