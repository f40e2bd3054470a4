import { GroupConsumer, type GroupConsumerSettings } from '../../lib/engine/group-consumer.js';
import type { HandlerBinding } from '../../lib/engine/handler-binding.js';
import type { HandlerContext } from '../../lib/messaging/handler-context.js';
import type { Message } from '../../lib/messaging/message.js';
import { deferred, type Deferred } from './deferred.js';
import { eventually } from './eventually.js';
import { FakeConsumerClient } from './fake-consumer-client.js';
import { FakeTransactions } from './fake-transactions.js';
import { FakePublisher } from './fake-publisher.js';
import { handlerBinding } from './handler-binding.js';
import { RecordingLogger } from './recording-logger.js';

/** A handler's call under way: specs end it by hand. */
export interface HandlerCall {
  /** `orders-0@5` */
  place: string;
  context: HandlerContext;
  end: Deferred<unknown>;
}

export interface ConsumingApplicationOptions extends Partial<GroupConsumerSettings> {
  handler?: Partial<HandlerBinding>;
}

/** A group consumer on fake clients, with a handler for topic `orders` whose every call waits to be ended. */
export class ConsumingApplication {
  readonly calls: HandlerCall[] = [];
  readonly clients: FakeConsumerClient[] = [];
  readonly logger = new RecordingLogger();
  readonly publisher = new FakePublisher();
  readonly transactions = new FakeTransactions();
  readonly consumer: GroupConsumer;

  constructor({ handler, ...settings }: ConsumingApplicationOptions = {}) {
    const binding = handlerBinding({ handle: (message, context) => this.called(message, context), ...handler });
    this.consumer = new GroupConsumer(
      { ...defaults, ...settings },
      (topic) => (topic === 'orders' ? [binding] : []),
      {
        member: (listener) => {
          this.clients.push(new FakeConsumerClient(listener));
          return this.client;
        },
        publisher: () => this.publisher,
        transactions: () => this.transactions,
      },
      this.logger,
    );
  }

  /** The client that is in use. */
  get client(): FakeConsumerClient {
    return this.clients.at(-1)!;
  }

  /** Joined, with these partitions of topic `orders`, each from offset 0. */
  static consuming(partitions: number[], options: ConsumingApplicationOptions = {}): ConsumingApplication {
    const application = new ConsumingApplication(options);
    void application.consumer.start();
    application.client.assign(...partitions);
    return application;
  }

  /** Waits for an attempt of the handler at a record. */
  async handling(place: string, attempt = 1): Promise<HandlerCall> {
    let call: HandlerCall | undefined;
    await soon(() => {
      call = this.calls.find((known) => known.place === place && known.context.attempt === attempt);
      return call !== undefined;
    }, `the handler was expected to be called with ${place}, attempt ${attempt}`);
    return call!;
  }

  /** Waits for the handler to be called with a record, and lets it succeed. */
  async handled(...places: string[]): Promise<void> {
    for (const place of places) (await this.handling(place)).end.resolve(undefined);
  }

  /** Waits for an attempt of the handler at a record, and lets it fail. */
  async failed(place: string, attempt = 1, error = new Error('boom')): Promise<void> {
    (await this.handling(place, attempt)).end.reject(error);
  }

  /** Waits until a position has been sent to be committed. */
  committed(position: string): Promise<void> {
    const isSent = () => this.client.commits.some((positions) => positions.includes(position));
    return soon(isSent, () => `expected a commit of ${position}, got ${JSON.stringify(this.client.commits)}`);
  }

  /** Which records the handler was called with, each attempt once. */
  get places(): string[] {
    return this.calls.map(({ place }) => place);
  }

  private called({ topic, partition, offset }: Message, context: HandlerContext): Promise<unknown> {
    const end = deferred<unknown>();
    this.calls.push({ place: `${topic}-${partition}@${offset}`, context, end });
    return end.promise;
  }
}

const defaults: GroupConsumerSettings = {
  group: 'billing',
  concurrency: 100,
  autoCommit: true,
  commitIntervalMs: 5,
  commitAfterRecords: 1000,
  onCrash: 'restart',
  autoStart: true,
  silenceLimitMs: 60_000,
  shutdownTimeoutMs: 2000,
  maxInFlightRecords: 1000,
  maxInFlightBytes: 1_000_000,
};

/** `eventually` for what needs no broker. */
export function soon(
  condition: () => boolean | void,
  message: string | (() => string) = 'the condition',
): Promise<void> {
  return eventually(condition, { timeoutMs: 5000, intervalMs: 2, message });
}

/** Lets everything happen that waits for nothing but its turn; for what must not happen. */
export async function everythingDue(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate);
}
