import type { INestApplicationContext } from '@nestjs/common';
import { NestLogger } from '../connection/nest-logger.js';
import { HandlerRegistry } from '../consumer/handler.registry.js';
import type { ConsumedRecord, RecordHeader } from '../engine/client/consumer-client.js';
import type { RecordToSend } from '../engine/client/produce/pending-record.js';
import type { OutgoingRecord } from '../engine/client/record-publisher.js';
import { KafkaMessage } from '../engine/decode/kafka-message.js';
import type { HandlerBinding } from '../engine/handler-binding.js';
import { Delivery as RecordDelivery } from '../engine/recovery/delivery.js';
import { noCounts, type DeliveryContext } from '../engine/recovery/delivery-context.js';
import { delayMs, parseRetryTopic } from '../engine/recovery/recovery-topics.js';
import { address, type Addressed } from '../engine/recovery/redelivery.js';
import { DEFAULT_CONNECTION } from '../kafka.constants.js';
import { settlesWithin } from '../engine/wait.js';
import { ConsumerObserver, type FailedEvent } from '../messaging/consumer-observer.js';
import { MessagingError } from '../messaging/errors.js';
import type { HandlerContext } from '../messaging/handler-context.js';
import type { Message } from '../messaging/message.js';

const defaultMaxAttempts = 100;
const defaultTimeoutMs = 10_000;

/**
 * A message for {@link HandlerHarness.deliver}.
 *
 * @publicApi
 */
export interface HarnessMessage {
  topic: string;

  /** Bytes, text and `null` (a tombstone) as they are; anything else as JSON. */
  value: unknown;

  /** @default null */
  key?: Buffer | string | null;

  /** @default {} */
  headers?: Record<string, Buffer | string | (Buffer | string)[]>;

  /** @default 0 */
  partition?: number;

  /** @default one more than the last of the topic and partition */
  offset?: number;

  /** @default the time of the call */
  timestamp?: Date;
}

/**
 * What became of a message: `handled`; `skipped`, so completed unhandled; `dead-lettered`; `stopped`, so the consumer would
 * stop and leave it uncommitted; `retrying`, so it would be tried for ever.
 *
 * @publicApi
 */
export type HarnessOutcome = 'handled' | 'skipped' | 'dead-lettered' | 'stopped' | 'retrying';

/** @publicApi */
export interface HandlerResult {
  /** `Class.method` */
  handler: string;
  outcome: HarnessOutcome;

  /** Calls of the handler. */
  attempts: number;

  /** Milliseconds it would have waited before each further attempt, in its lane or in a retry topic. */
  delaysMs: number[];

  /** What each failed attempt threw. */
  errors: unknown[];

  /** What would have been published, if it was dead-lettered. */
  deadLetter?: HarnessRecord;

  /** What a transactional handler has published, by `context.publish()` and `publishTo`; of the attempt that succeeded. */
  published?: HarnessRecord[];
}

/**
 * A record that would have been written.
 *
 * @publicApi
 */
export interface HarnessRecord {
  topic: string;
  key: Buffer | null;
  value: Buffer | null;

  /** The message's own and those that tell what has happened; of a name that occurs more than once, the last. */
  headers: Record<string, string>;
}

/** @publicApi */
export interface Delivery {
  /** `skipped` where no handler takes the topic; with several handlers, the worst of them. */
  outcome: HarnessOutcome;

  /** Calls of all handlers. */
  attempts: number;

  /** Each handler the message got to, in their order. */
  handlers: HandlerResult[];
}

/** @publicApi */
export interface HandlerHarnessOptions {
  /** The connection whose handlers are meant, by the name given to `forRoot`. @default 'default' */
  connection?: string;

  /** Attempts after which a handler that has no limit of its own counts as `retrying`. @default 100 */
  maxAttempts?: number;

  /** Milliseconds a call of a handler may take. @default 10000 */
  timeoutMs?: number;
}

/**
 * Delivers messages to an application's handlers as the consumer does (decoding, attempts, recovery), without a broker
 * and without waiting: delays between attempts are told, not slept.
 *
 * @example
 * ```ts
 * const harness = HandlerHarness.of(app);
 * const delivery = await harness.deliver({ topic: 'orders.created', value: { id: 1 } });
 * expect(delivery).toMatchObject({ outcome: 'handled', attempts: 1 });
 * ```
 * @publicApi
 */
export class HandlerHarness {
  private readonly nextOffsets = new Map<string, number>();

  private constructor(
    private readonly registry: HandlerRegistry,
    private readonly maxAttempts: number,
    private readonly timeoutMs: number,
  ) {}

  /**
   * @param app an application that imports `KafkaModule`, best with `autoStart: false`
   * @throws MessagingError when it has no such connection
   * @throws HandlerBindingError when its handlers cannot be bound
   */
  static of(app: INestApplicationContext, options: HandlerHarnessOptions = {}): HandlerHarness {
    const { connection = DEFAULT_CONNECTION, maxAttempts = defaultMaxAttempts, timeoutMs = defaultTimeoutMs } = options;
    if (!(maxAttempts >= 1)) throw new MessagingError(`maxAttempts: expected 1 or more, got ${maxAttempts}`);
    const registry = registriesOf(app).find((candidate) => candidate.connection === connection);
    if (registry) return new HandlerHarness(registry, maxAttempts, timeoutMs);
    throw new MessagingError(
      `The application has no Kafka connection "${connection}"; import KafkaModule.forRoot() in it`,
    );
  }

  /**
   * Takes a message to all handlers that take it, one after the other, until one would hold it in its group.
   *
   * @throws MessagingError when the message cannot be made, or a handler does not settle within `timeoutMs`
   */
  async deliver(message: HarnessMessage): Promise<Delivery> {
    const record = this.toRecord(message);
    const handlers: HandlerResult[] = [];
    for (const [group, router] of this.registry.bind()) {
      for (const binding of router.handlersOf(message.topic).filter((handler) => takes(handler, record))) {
        const result = await this.handle(binding, group || 'harness', record);
        handlers.push(result);
        if (result.outcome === 'stopped' || result.outcome === 'retrying') break;
      }
    }
    const attempts = handlers.reduce((sum, result) => sum + result.attempts, 0);
    return { outcome: worst(handlers), attempts, handlers };
  }

  private async handle(binding: HandlerBinding, group: string, record: ConsumedRecord): Promise<HandlerResult> {
    const trial = new HandlerTrial(binding, group, this.maxAttempts);
    const tried = trial.of(record);
    if (await settlesWithin(tried, this.timeoutMs)) return tried;
    throw new MessagingError(`${binding.name} did not settle within ${this.timeoutMs} ms (timeoutMs)`);
  }

  private toRecord(message: HarnessMessage): ConsumedRecord {
    const { topic, partition = 0, key = null, headers = {}, timestamp = new Date() } = message;
    const place = `${topic}-${partition}`;
    const offset = message.offset ?? this.nextOffsets.get(place) ?? 0;
    const value = toBytes(message.value);
    const record = {
      topic,
      partition,
      offset,
      timestamp: timestamp.getTime(),
      key: key === null ? null : Buffer.from(key),
      value,
      size: value?.length ?? 0,
      detach: () => undefined,
      headers: Object.entries(headers).flatMap(([name, value]) => toHeaders(name, value)),
    };
    this.nextOffsets.set(place, offset + 1);
    return record;
  }
}

class Failures extends ConsumerObserver {
  constructor(private readonly onFailure: (event: FailedEvent) => void) {
    super();
  }

  override failed(event: FailedEvent): void {
    this.onFailure(event);
  }
}

/** One handler with one message, through all of its attempts. */
class HandlerTrial {
  private readonly result = { attempts: 0, delaysMs: [] as number[], errors: [] as unknown[] };
  private readonly counted: HandlerBinding;
  private readonly context: DeliveryContext;
  private moved: OutgoingRecord | undefined;
  private outputs: readonly RecordToSend[] | undefined;
  private givesUp = false;

  constructor(
    private readonly binding: HandlerBinding,
    private readonly group: string,
    private readonly maxAttempts: number,
  ) {
    this.counted = { ...binding, handle: (message, context) => this.call(message, context) };
    this.context = {
      group,
      logger: new NestLogger(HandlerHarness.name),
      counts: noCounts(),
      publish: (record) => {
        this.moved = record;
        return Promise.resolve({ topic: record.topic, partition: 0, offset: '0' });
      },
      observer: new Failures(({ error, consequence, exhausted }) =>
        this.failed(error, consequence === 'retry' && exhausted),
      ),
    };
  }

  async of(record: ConsumedRecord): Promise<HandlerResult> {
    const outcome = await this.outcomeOf({ record, handlers: [this.counted], attempts: 0, step: 0 });
    const result = { handler: this.binding.name, ...this.result, outcome };
    if (outcome === 'dead-lettered') return { ...result, deadLetter: toHarnessRecord(this.moved!) };
    return this.outputs ? { ...result, published: this.outputs.map(toHarnessRecord) } : result;
  }

  private call(message: Message, context: HandlerContext): unknown {
    this.result.attempts++;
    return this.binding.handle(message, context);
  }

  private failed(error: unknown, forEver: boolean): void {
    this.result.errors.push(error);
    this.givesUp = forEver || this.result.attempts >= this.maxAttempts;
  }

  private async outcomeOf(addressed: Addressed): Promise<HarnessOutcome> {
    const scope = { aborted: new AbortController().signal, commit: () => Promise.resolve() };
    const delivery = new RecordDelivery(addressed, scope, this.context);
    for (let verdict = await delivery.attempt(); ; verdict = await delivery.attempt()) {
      this.outputs = delivery.outputs;
      if (verdict === 'moved') return this.followed(this.moved!);
      if (typeof verdict === 'string') return verdict === 'abandoned' ? 'retrying' : verdict;
      if (this.givesUp) return 'retrying';
      this.result.delaysMs.push(verdict.retryInMs);
    }
  }

  /** A message in a retry topic comes back, one in a dead-letter topic does not. */
  private followed(moved: OutgoingRecord): Promise<HarnessOutcome> {
    const retried = parseRetryTopic(moved.topic, this.group);
    if (!retried) return Promise.resolve('dead-lettered');
    this.result.delaysMs.push(delayMs(retried.delay)!);
    const record = { ...moved, partition: 0, offset: 0, timestamp: Date.now(), size: 0, detach: () => undefined };
    return this.outcomeOf(address(record, [this.counted], this.group, true));
  }
}

/** A choice that throws is the handler's first failure. */
function takes({ when, deserializerOf }: HandlerBinding, record: ConsumedRecord): boolean {
  try {
    return when?.(new KafkaMessage(record, deserializerOf(record.topic))) ?? true;
  } catch {
    return true;
  }
}

function toHarnessRecord({ topic, key, value, headers }: OutgoingRecord): HarnessRecord {
  const texts = headers.map(([name, bytes]) => [name, bytes?.toString('utf8') ?? '']);
  return { topic, key, value, headers: Object.fromEntries(texts) as Record<string, string> };
}

function toBytes(value: unknown): Buffer | null {
  if (value === null) return null;
  if (value instanceof Uint8Array || typeof value === 'string') return Buffer.from(value);
  return Buffer.from(toJson(value));
}

function toJson(value: unknown): string {
  let reason = '';
  try {
    const text = JSON.stringify(value) as string | undefined;
    if (text !== undefined) return text;
  } catch (error) {
    reason = `: ${(error as Error).message}`;
  }
  throw new MessagingError(`value: expected bytes, text, null or what JSON can hold, got a ${typeof value}${reason}`);
}

/** Nest throws where it finds none. */
function registriesOf(app: INestApplicationContext): HandlerRegistry[] {
  try {
    return app.get(HandlerRegistry, { strict: false, each: true });
  } catch {
    return [];
  }
}

function toHeaders(name: string, value: Buffer | string | (Buffer | string)[]): RecordHeader[] {
  const values = Array.isArray(value) ? value : [value];
  return values.map((one) => [name, Buffer.from(one)] as const);
}

function worst(handlers: readonly HandlerResult[]): HarnessOutcome {
  const last = handlers.at(-1)?.outcome ?? 'skipped';
  return handlers.some(({ outcome }) => outcome === 'handled') && last === 'skipped' ? 'handled' : last;
}
