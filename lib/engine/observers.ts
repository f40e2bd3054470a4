import {
  ConsumerObserver,
  type AttemptEvent,
  type CommitFailedEvent,
  type CommittedEvent,
  type DeadLetteredEvent,
  type FailedEvent,
  type MessagesEvent,
  type RebalancedEvent,
  type RetriedEvent,
} from '../messaging/consumer-observer.js';
import { RepeatedLog } from './client/repeated-log.js';
import { describeThrown } from './describe-thrown.js';
import type { EngineLogger } from './logger.js';

type Event = keyof ConsumerObserver;

/** Tells several observers. What one of them throws is logged, and disturbs neither the others nor the consumer. */
export class Observers extends ConsumerObserver {
  private readonly log: RepeatedLog;

  constructor(
    private readonly observers: readonly ConsumerObserver[],
    logger: EngineLogger,
  ) {
    super();
    this.log = new RepeatedLog(logger);
  }

  /** @returns nothing where there is nobody to tell */
  static of(observers: readonly ConsumerObserver[], logger: EngineLogger): Observers | undefined {
    return observers.length === 0 ? undefined : new Observers(observers, logger);
  }

  override received(event: MessagesEvent): void {
    this.tell('received', event);
  }

  override succeeded(event: AttemptEvent): void {
    this.tell('succeeded', event);
  }

  override failed(event: FailedEvent): void {
    this.tell('failed', event);
  }

  override retried(event: RetriedEvent): void {
    this.tell('retried', event);
  }

  override deadLettered(event: DeadLetteredEvent): void {
    this.tell('deadLettered', event);
  }

  override skipped(event: MessagesEvent): void {
    this.tell('skipped', event);
  }

  override committed(event: CommittedEvent): void {
    this.tell('committed', event);
  }

  override commitFailed(event: CommitFailedEvent): void {
    this.tell('commitFailed', event);
  }

  override rebalanced(event: RebalancedEvent): void {
    this.tell('rebalanced', event);
  }

  private tell<E extends Event>(name: E, event: Parameters<ConsumerObserver[E]>[0]): void {
    for (const observer of this.observers) {
      try {
        const told: unknown = (observer[name] as (event: unknown) => unknown)(event);
        if (told instanceof Promise) told.catch((error: unknown) => this.report(observer, name, error));
      } catch (error) {
        this.report(observer, name, error);
      }
    }
  }

  private report(observer: ConsumerObserver, name: Event, error: unknown): void {
    const { text, name: errorClass, stack } = describeThrown(error);
    const method = `${observer.constructor.name}.${name}`;
    const alike = `${method} ${errorClass}`;
    this.log.error(`${method} failed; nothing else is changed by it: ${text}`, stack, undefined, alike);
  }
}
