import { beforeEach, describe, expect, it } from '@jest/globals';
import type { HandlerBinding } from '../../../../lib/engine/handler-binding.js';
import { Delivery } from '../../../../lib/engine/recovery/delivery.js';
import { noCounts, type DeliveryContext } from '../../../../lib/engine/recovery/delivery-context.js';
import type { Verdict } from '../../../../lib/engine/recovery/lane-delivery.js';
import {
  AcknowledgementError,
  HandlerTimeoutError,
  NonRetriableError,
  SkipMessageError,
} from '../../../../lib/messaging/errors.js';
import type { HandlerContext } from '../../../../lib/messaging/handler-context.js';
import type { Message } from '../../../../lib/messaging/message.js';
import type { ConsumedRecord } from '../../../../lib/engine/client/consumer-client.js';
import { RecordTooLargeError, type OutgoingRecord } from '../../../../lib/engine/client/record-publisher.js';
import { address, type Addressed } from '../../../../lib/engine/recovery/redelivery.js';
import { FakePublisher, headersOf } from '../../../support/fake-publisher.js';
import { handlerBinding } from '../../../support/handler-binding.js';
import { deferred } from '../../../support/deferred.js';
import { eventually } from '../../../support/eventually.js';
import { RecordingLogger } from '../../../support/recording-logger.js';
import { record, recordAt } from '../../../support/records.js';

const noDelay = { initialDelayMs: 0, multiplier: 1, maxDelayMs: 0, jitter: 'none' } as const;
let logger: RecordingLogger;
let aborted: AbortController;
let counts: DeliveryContext['counts'];
let commits: number;
let publisher: FakePublisher;

beforeEach(() => {
  logger = new RecordingLogger();
  aborted = new AbortController();
  counts = noCounts();
  publisher = new FakePublisher();
  commits = 0;
});

function deliveryTo(...handlers: Partial<HandlerBinding>[]): Delivery {
  return deliveryOf(recordAt(7), ...handlers);
}

function deliveryOf(record: ConsumedRecord, ...handlers: Partial<HandlerBinding>[]): Delivery {
  return deliveryOfAddressed(address(record, handlers.map(handlerBinding), 'billing', false));
}

function deliveryOfAddressed(addressed: Addressed): Delivery {
  const commit = (): Promise<void> => Promise.resolve(void commits++);
  const publish = (outgoing: OutgoingRecord): ReturnType<FakePublisher['publish']> => publisher.publish(outgoing);
  return new Delivery(addressed, { aborted: aborted.signal, commit }, { group: 'billing', logger, counts, publish });
}

/** Tries again at once, until the record is done with or given up. */
async function outcomeOf(delivery: Delivery): Promise<Verdict> {
  let verdict = await delivery.attempt();
  while (typeof verdict === 'object') verdict = await delivery.attempt();
  return verdict;
}

function failing(numbers: number[] = []): HandlerBinding['handle'] {
  return (_, { attempt }) => {
    numbers.push(attempt);
    throw new TypeError(`boom ${attempt}`);
  };
}

const everythingDue = () => new Promise(setImmediate);

describe('A delivery', () => {
  it('makes no promise where the handler makes none', () => {
    expect(deliveryTo({ handle: () => 'done' }).attempt()).toBe('handled');
    expect(deliveryTo({ handle: failing() }).attempt()).toEqual({ retryInMs: 0 });
  });

  it('tells the handler who it is, and which attempt it is', async () => {
    const contexts: HandlerContext[] = [];

    await outcomeOf(deliveryTo({ handle: (_, context) => void contexts.push(context) }));

    expect(contexts).toHaveLength(1);
    const [{ signal, attempt, group, handler } = {} as HandlerContext] = contexts;
    expect({ attempt, group, handler }).toEqual({ attempt: 1, group: 'billing', handler: 'Orders.created' });
    expect(signal).toBe(aborted.signal);
  });

  it('waits for what the handler returns', async () => {
    const gate = deferred();
    let verdict: Verdict | undefined;
    void Promise.resolve(deliveryTo({ handle: () => gate.promise }).attempt()).then((settled) => (verdict = settled));

    await everythingDue();
    expect(verdict).toBe(undefined);

    gate.resolve();
    await everythingDue();
    expect(verdict).toBe('handled');
  });

  it('numbers the attempts, and counts each failure', async () => {
    const numbers: number[] = [];
    const handle: HandlerBinding['handle'] = async (_, { attempt }) => {
      numbers.push(attempt);
      if (attempt < 4) throw new Error('not yet');
    };

    expect(await outcomeOf(deliveryTo({ handle }))).toBe('handled');
    expect(numbers).toEqual([1, 2, 3, 4]);
    expect(counts).toMatchObject({ handled: 1, failedAttempts: 3, skipped: 0 });
  });

  it.each([
    ['skip', 'skipped'],
    ['stop', 'stopped'],
  ] as const)('ends by the policy %s when the attempts are used up', async (onExhausted, outcome) => {
    const numbers: number[] = [];
    const handler = { handle: failing(numbers), retry: { ...noDelay, maxAttempts: 3 }, onExhausted };

    expect(await outcomeOf(deliveryTo(handler))).toBe(outcome);
    expect(numbers).toEqual([1, 2, 3]);
    expect(logger.at('error').at(-1)).toContain(`(onExhausted: ${onExhausted})`);
  });

  it('goes on for ever by the policy retry, at the longest delay', () => {
    const retry = { ...noDelay, maxDelayMs: 3_600_000, maxAttempts: 1 };
    const delivery = deliveryTo({ handle: failing(), retry });

    expect(delivery.attempt()).toEqual({ retryInMs: 3_600_000 });
    expect(logger.at('error')[0]).toContain('no attempts left, but nothing is dropped (onExhausted: retry)');
  });

  it('skips at once when the handler says so', () => {
    const handle = (): void => {
      throw new SkipMessageError('old news');
    };

    expect(deliveryTo({ handle, onExhausted: 'stop' }).attempt()).toBe('skipped');
    expect(counts.skipped).toBe(1);
    expect(logger.at('error')).toEqual([expect.stringContaining('attempt 1; skipping the record: SkipMessageError')]);
  });

  it('leaves the record to others when the handler fails after its partition was lost', async () => {
    const gate = deferred();
    const verdict = deliveryTo({ handle: () => gate.promise }).attempt();

    aborted.abort();
    gate.reject(new Error('aborted'));

    expect(await verdict).toBe('abandoned');
    expect(counts.failedAttempts).toBe(0);
  });

  it('skips a record that nobody handles', () => {
    expect(deliveryTo().attempt()).toBe('skipped');
    expect(counts).toMatchObject({ handled: 0, failedAttempts: 0, skipped: 1 });
  });

  it('goes to several handlers in turn, and again only to the one that failed', async () => {
    const calls: string[] = [];
    const calling = (name: string, fails = 0): Partial<HandlerBinding> => ({
      handle: (_, { attempt }) => {
        calls.push(name);
        if (attempt <= fails) throw new Error('not yet');
      },
    });

    expect(await outcomeOf(deliveryTo(calling('first'), calling('second', 2), calling('third')))).toBe('handled');
    expect(calls).toEqual(['first', 'second', 'second', 'second', 'third']);
    expect(counts).toMatchObject({ handled: 3, failedAttempts: 2, skipped: 0 });
  });

  it('logs the first failure and the last with their stack, those between in a line', async () => {
    const handler = { handle: failing(), retry: { ...noDelay, maxAttempts: 3 }, onExhausted: 'skip' as const };

    await outcomeOf(deliveryTo(handler));

    const place = 'Orders.created failed on orders-0@7';
    expect(logger.lines.map(({ level, message, stack }) => [level, message, stack?.split('\n')[0]])).toEqual([
      ['error', `${place}, attempt 1; trying again in 0 ms: TypeError: boom 1`, 'TypeError: boom 1'],
      ['warn', `${place}, attempt 2; trying again in 0 ms: TypeError: boom 2`, undefined],
      ['error', `${place}, attempt 3; skipping the record (onExhausted: skip): TypeError: boom 3`, 'TypeError: boom 3'],
    ]);
  });
});

describe('A delivery to handlers that choose', () => {
  const choosing = (name: string, chooses: boolean, calls: string[]): Partial<HandlerBinding> => ({
    name,
    when: () => chooses,
    handle: () => void calls.push(name),
  });

  it('goes to those that take the message', () => {
    const calls: string[] = [];
    const handlers = [choosing('a', false, calls), choosing('b', true, calls), choosing('c', false, calls)];

    expect(deliveryTo(...handlers, choosing('d', true, calls)).attempt()).toBe('handled');
    expect(deliveryTo(...handlers).attempt()).toBe('handled');

    expect(calls).toEqual(['b', 'd', 'b']);
    expect(counts).toMatchObject({ handled: 3, skipped: 0 });
  });

  it('skips a message that none takes, and counts it once', () => {
    const calls: string[] = [];

    expect(deliveryTo(choosing('a', false, calls), choosing('b', false, calls)).attempt()).toBe('skipped');
    expect(calls).toEqual([]);
    expect(counts).toMatchObject({ handled: 0, skipped: 1 });
  });

  it('takes a choice that throws for a failed attempt of that handler', async () => {
    let asked = 0;
    const when = (): boolean => {
      if (++asked < 3) throw new Error('cannot tell');
      return true;
    };

    expect(await outcomeOf(deliveryTo({ when }))).toBe('handled');
    expect(counts).toMatchObject({ handled: 1, failedAttempts: 2 });
  });

  it('takes what counts as true for a yes, and a promise for a failure', async () => {
    expect(deliveryTo({ when: () => 1 as never }).attempt()).toBe('handled');
    expect(deliveryTo({ when: () => 0 as never }).attempt()).toBe('skipped');

    const handler = {
      when: () => Promise.resolve(true) as never,
      retry: { ...noDelay, maxAttempts: 1 },
      onExhausted: 'skip' as const,
    };
    expect(await outcomeOf(deliveryTo(handler))).toBe('skipped');
    expect(logger.at('error').at(-1)).toContain('when: expected true or false, got a promise');
  });

  it('numbers the attempts of each from 1', async () => {
    const numbers: number[] = [];
    const handle: HandlerBinding['handle'] = (_, { attempt }) => {
      numbers.push(attempt);
      if (attempt < 2) throw new Error('not yet');
    };

    await outcomeOf(deliveryTo({ when: () => false }, { handle }, { when: () => false }, { handle }));
    expect(numbers).toEqual([1, 2, 1, 2]);
  });
});

function hasText(look: () => unknown): boolean {
  try {
    return look() === 'text';
  } catch {
    return false;
  }
}

describe('A delivery to handlers whose format has to ask somebody', () => {
  let asked: string[];
  let handled: string[];
  const choosing = (name: string, when: HandlerBinding['when']): Partial<HandlerBinding> => {
    const deserialize = (value: Buffer): Promise<string> => {
      asked.push(name);
      return Promise.resolve(value.toString());
    };
    return {
      deserializerOf: () => ({ eager: true, deserialize }),
      when,
      handle: ({ payload }) => void handled.push(`${name} ${String(payload)}`),
    };
  };
  const deliver = (when: HandlerBinding['when']) =>
    outcomeOf(
      deliveryOf(record({ value: Buffer.from('text') }), choosing('first', when), choosing('second', undefined)),
    );
  beforeEach(() => {
    asked = [];
    handled = [];
  });

  it('does not ask for the first if that leaves the message out without its payload', async () => {
    expect(await deliver(({ headers }) => headers.type === 'price')).toBe('handled');
    expect({ asked, handled }).toEqual({ asked: ['second'], handled: ['second text'] });
  });

  it.each<[string, string[], HandlerBinding['when']]>([
    ['takes it', ['first text', 'second text'], ({ payload }) => payload === 'text'],
    ['leaves it out', ['second text'], ({ payload }) => payload !== 'text'],
    ['hides that it cannot', ['first text', 'second text'], (message) => hasText(() => message.payload)],
  ])('does if it looks at the payload and %s', async (_, expected, when) => {
    await deliver(when);
    expect({ asked, handled }).toEqual({ asked: ['first', 'second'], handled: expected });
  });
});

describe('A delivery with retry topics and dead letters', () => {
  const full = { retry: { ...noDelay, maxAttempts: 2 }, retryTopics: ['10s'], deadLetter: {} };
  const [key, value] = [Buffer.from('key'), Buffer.from('value')];
  const headers = [['trace', Buffer.from('abc')] as const];
  const stored = record({ topic: 'orders', partition: 3, offset: 7, timestamp: 1_000, key, value, headers });

  it('moves what has no attempts left in its lane to the first retry topic, with its due time', async () => {
    const before = Date.now();
    expect(await outcomeOf(deliveryOf(stored, { ...full, handle: failing() }))).toBe('moved');

    expect(publisher.published).toHaveLength(1);
    const [moved] = publisher.published;
    expect(moved).toMatchObject({ topic: 'orders.retry.billing.10s', key, value, preferredPartition: 3 });
    const { trace, 'retry-due': due, timestamp, 'error-stack': stack, ...told } = headersOf(moved!);
    expect(told).toEqual({
      'original-topic': 'orders',
      'original-partition': '3',
      'original-offset': '7',
      'original-timestamp': '1970-01-01T00:00:01.000Z',
      'original-group': 'billing',
      'original-handler': 'Orders.created',
      attempts: '2',
      error: 'boom 2',
      'error-class': 'TypeError',
      'retry-step': '1',
    });
    expect(trace).toBe('abc');
    expect(stack).toContain('TypeError: boom 2');
    expect(Date.parse(timestamp!)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(due!)).toBe(Date.parse(timestamp!) + 10_000);
    expect(counts).toMatchObject({ failedAttempts: 2, retriedLater: 1, deadLettered: 0, handled: 0, skipped: 0 });
    expect(logger.at('warn')).toEqual([
      expect.stringContaining('moving it to orders.retry.billing.10s: TypeError: boom 2'),
    ]);
  });

  it('goes on from there: one attempt in each, numbered on, and at the end to the dead letters', async () => {
    await outcomeOf(deliveryOf(stored, { ...full, handle: failing() }));
    const retried = {
      ...record({ ...publisher.published[0], partition: 3, offset: 0 }),
      topic: 'orders.retry.billing.10s',
    };
    const numbers: number[] = [];
    const messages: Message[] = [];
    const handle: HandlerBinding['handle'] = (message, context) => {
      messages.push(message);
      failing(numbers)(message, context);
    };
    const addressed = address(retried, [handlerBinding({ ...full, handle })], 'billing', true);

    expect(await outcomeOf(deliveryOfAddressed(addressed))).toBe('moved');

    expect(numbers).toEqual([3]);
    expect(messages[0]).toMatchObject({ topic: 'orders', partition: 3, offset: '7', timestamp: new Date(1_000) });
    const letter = publisher.published[1]!;
    expect(letter).toMatchObject({ topic: 'orders.dlq', key, value });
    expect(letter.preferredPartition).toBeUndefined();
    const told = headersOf(letter);
    expect(told).toMatchObject({ attempts: '3', error: 'boom 3', 'original-offset': '7', trace: 'abc' });
    expect(told).not.toHaveProperty('retry-step');
    expect(letter.headers.filter(([name]) => name === 'attempts')).toHaveLength(1);
    expect(counts).toMatchObject({ retriedLater: 1, deadLettered: 1 });
    expect(logger.at('error').at(-1)).toContain('attempt 3; moving it to orders.dlq: TypeError: boom 3');
  });

  it('gives up on a record of any timestamp that a producer may write', async () => {
    const odd = { ...stored, timestamp: 9e15 };

    expect(await outcomeOf(deliveryOf(odd, { ...full, retryTopics: [], handle: failing() }))).toBe('moved');
    expect(headersOf(publisher.published[0]!)['original-timestamp']).toBe('9000000000000000');
  });

  it('starts no handler whose payload comes after its partition was lost', async () => {
    const calls: string[] = [];
    const gate = deferred<unknown>();
    const deserializer = { eager: true, deserialize: () => gate.promise };
    const verdict = deliveryOf(stored, {
      deserializerOf: () => deserializer,
      handle: () => void calls.push('called'),
    }).attempt();

    aborted.abort();
    gate.resolve('late');

    expect(await verdict).toBe('abandoned');
    expect(calls).toEqual([]);
  });

  it('waits until the record is stored, and calls no handler again when it was not', async () => {
    const numbers: number[] = [];
    let failures = 2;
    publisher.onPublish = () => (failures-- > 0 ? Promise.reject(new Error('no leader')) : Promise.resolve());
    const delivery = deliveryOf(stored, {
      handle: failing(numbers),
      retry: { ...noDelay, maxAttempts: 1 },
      deadLetter: {},
    });

    for (const longest of [500, 1_000]) {
      const held = (await delivery.attempt()) as { retryInMs: number };
      expect(held.retryInMs).toBeGreaterThanOrEqual(0);
      expect(held.retryInMs).toBeLessThanOrEqual(longest);
    }
    expect(counts.deadLettered).toBe(0);
    expect(await delivery.attempt()).toBe('moved');

    expect(numbers).toEqual([1]);
    expect(counts).toMatchObject({ failedAttempts: 1, deadLettered: 1 });
    expect(logger.at('error').slice(1)).toEqual(
      Array(2).fill(
        expect.stringMatching(/^orders-3@7 could not be moved to orders\.dlq; nothing is dropped.* no leader$/),
      ),
    );
  });

  it('leaves out the stack of what is too large, then the text, and then holds it', async () => {
    const told: [error: string, stack: boolean][] = [];
    publisher.onPublish = (outgoing) => {
      const { error, 'error-stack': stack } = headersOf(outgoing);
      told.push([error!, stack !== '']);
      return Promise.reject(new RecordTooLargeError('too large'));
    };
    const delivery = deliveryOf(stored, { handle: failing(), retry: { ...noDelay, maxAttempts: 1 }, deadLetter: {} });

    expect(await delivery.attempt()).toEqual({ retryInMs: expect.any(Number) });
    expect(told).toEqual([
      ['boom 1', true],
      ['boom 1', true], // compressed
      ['boom 1', false],
      ['', false],
    ]);
    await delivery.attempt();
    expect(told.slice(4)).toEqual([['', false]]);
  });

  it('gives up at once on what no attempt can help, past attempts and retry topics', async () => {
    const handle = (): never => {
      throw new NonRetriableError('never');
    };

    expect(await outcomeOf(deliveryOf(stored, { ...full, handle }))).toBe('moved');
    expect(publisher.published.map(({ topic }) => topic)).toEqual(['orders.dlq']);
  });

  it('goes by the handler’s own classifier, also when its partition is lost', async () => {
    const skips = { handle: failing(), classify: () => 'skip' as const };
    expect(await outcomeOf(deliveryOf(stored, skips))).toBe('skipped');

    const gate = deferred();
    const verdict = deliveryOf(stored, { ...skips, handle: () => gate.promise }).attempt();
    aborted.abort();
    gate.reject(new Error('no'));
    expect(await verdict).toBe('skipped');
  });

  it('moves it for one handler and goes on to the next', async () => {
    const calls: string[] = [];
    const failingFirst = { ...full, name: 'Orders.first', handle: failing() };
    const second = { name: 'Orders.second', handle: () => void calls.push('second') };

    expect(await outcomeOf(deliveryOf(stored, failingFirst, second))).toBe('handled');

    expect(calls).toEqual(['second']);
    expect(headersOf(publisher.published[0]!)['original-handler']).toBe('Orders.first');
  });

  it('has handled it if one handler has, though it was moved for the next', async () => {
    const failingSecond = { ...full, name: 'Orders.second', handle: failing() };

    expect(await outcomeOf(deliveryOf(stored, { name: 'Orders.first' }, failingSecond))).toBe('handled');
    expect(counts).toMatchObject({ handled: 1, retriedLater: 1 });
  });

  it('starts no other handler once its partition is lost', async () => {
    const calls: string[] = [];
    publisher.onPublish = () => Promise.resolve(aborted.abort());
    const failingFirst = { ...full, name: 'Orders.first', handle: failing() };

    expect(await outcomeOf(deliveryOf(stored, failingFirst, { handle: () => void calls.push('second') }))).toBe(
      'abandoned',
    );
    expect(calls).toEqual([]);
  });

  it('is abandoned when its partition is lost before the record is stored', async () => {
    const gate = deferred();
    publisher.onPublish = () => gate.promise;
    const verdict = deliveryOf(stored, {
      ...full,
      retryTopics: [],
      handle: failing(),
      retry: { ...noDelay, maxAttempts: 1 },
    }).attempt();

    aborted.abort();
    gate.reject(new Error('closed'));

    expect(await verdict).toBe('abandoned');
    expect(counts.deadLettered).toBe(0);
  });
});

describe('A handler with a timeout', () => {
  it('is aborted past it and has failed, whatever comes of it; the verdict waits until it settles', async () => {
    const gate = deferred();
    let signal: AbortSignal | undefined;
    let verdict: Verdict | undefined;
    const handle: HandlerBinding['handle'] = (_, context) => {
      ({ signal } = context);
      return gate.promise;
    };
    void Promise.resolve(deliveryTo({ handle, timeoutMs: 5 }).attempt()).then((settled) => (verdict = settled));

    await eventually(() => signal?.aborted === true, { intervalMs: 1 });
    await everythingDue();
    expect(signal?.reason).toBeInstanceOf(HandlerTimeoutError);
    expect(verdict).toBe(undefined);

    gate.resolve();
    await eventually(() => verdict !== undefined, { intervalMs: 1 });
    expect(verdict).toEqual({ retryInMs: 0 });
    expect(counts.failedAttempts).toBe(1);
  });

  it('is aborted when its partition is lost, too', async () => {
    let signal: AbortSignal | undefined;
    const handle: HandlerBinding['handle'] = (_, context) => {
      ({ signal } = context);
      return new Promise((_resolve, reject) =>
        context.signal.addEventListener('abort', () => reject(new Error('gone'))),
      );
    };
    const verdict = deliveryTo({ handle, timeoutMs: 60_000 }).attempt();

    aborted.abort(new Error('lost'));

    expect(await verdict).toBe('abandoned');
    expect(signal?.reason).toEqual(new Error('lost'));
  });

  it('that is quick is not aborted later', async () => {
    let signal: AbortSignal | undefined;
    const handle: HandlerBinding['handle'] = (_, context) => void ({ signal } = context);

    expect(await deliveryTo({ handle, timeoutMs: 1 }).attempt()).toBe('handled');
    await new Promise((resolve) => setTimeout(resolve, 5));

    expect(signal?.aborted).toBe(false);
  });
});

describe('A handler that acknowledges by hand', () => {
  let context: HandlerContext | undefined;
  const keeping: HandlerBinding['handle'] = (_, given) => void (context = given);

  const manual = (overrides: Partial<HandlerBinding> = {}) =>
    deliveryTo({ handle: keeping, ackTimeoutMs: 60_000, ...overrides });

  it('completes the message when it does, after its return', async () => {
    const verdict = manual().attempt();
    await everythingDue();

    context!.ack();

    expect(await verdict).toBe('handled');
  });

  it('completes it when it does before its return', async () => {
    expect(await manual({ handle: (_, given) => given.ack() }).attempt()).toBe('handled');
  });

  it('has failed when it refuses, with the delay it asks for', async () => {
    expect(await manual({ handle: (_, given) => given.nack(250) }).attempt()).toEqual({ retryInMs: 250 });
    expect(await manual({ handle: (_, given) => given.nack() }).attempt()).toEqual({ retryInMs: 0 });
    expect(counts.failedAttempts).toBe(2);
  });

  it('has used up an attempt by refusing', async () => {
    const handler = {
      handle: ((_, given) => given.nack(1)) satisfies HandlerBinding['handle'],
      onExhausted: 'skip',
    } as const;

    expect(await manual({ ...handler, retry: { ...noDelay, maxAttempts: 1 } }).attempt()).toBe('skipped');
  });

  it('has failed when it gives no answer in time', async () => {
    expect(await manual({ ackTimeoutMs: 5 }).attempt()).toEqual({ retryInMs: 0 });
    expect(logger.at('error')[0]).toContain('neither ack() nor nack() within 5 ms (ackTimeoutMs)');
  });

  it('has failed when it throws, unless it has acknowledged', async () => {
    expect(await manual({ handle: failing() }).attempt()).toEqual({ retryInMs: 0 });

    const late: HandlerBinding['handle'] = (_, given) => {
      given.ack();
      throw new Error('too late');
    };
    expect(await manual({ handle: late }).attempt()).toBe('handled');
    expect(logger.at('warn')).toEqual([expect.stringContaining('has been acknowledged')]);
  });

  it('is told in the log when its answer comes too late', async () => {
    const verdict = manual().attempt();
    await everythingDue();
    aborted.abort();
    expect(await verdict).toBe('abandoned');

    context!.ack();

    expect(logger.at('warn')).toEqual([
      'Orders.created: orders-0@7: ack() is ignored, the partition is given up or lost',
    ]);
  });

  it('is told when it answers twice', async () => {
    const handle: HandlerBinding['handle'] = (_, given) => {
      given.ack();
      given.ack();
      given.nack();
    };

    expect(await manual({ handle }).attempt()).toBe('handled');
    expect(logger.at('warn')).toEqual([expect.stringContaining('nack() is ignored, it has been answered before')]);
  });

  it('must say so in its decorator', () => {
    expect(deliveryTo({ handle: (_, given) => given.ack() }).attempt()).toEqual({ retryInMs: 0 });
    expect(logger.at('error')[0]).toContain("decorate it with { ack: 'manual' }");
  });

  it('may not ask for a delay that is none', async () => {
    expect(await manual({ handle: (_, given) => given.nack(NaN) }).attempt()).toEqual({ retryInMs: 0 });
    expect(logger.at('error')[0]).toContain('expected a delay of 0 to 2147483647 ms, got NaN');
  });
});

describe('A handler that commits while it is at work', () => {
  it('has its message committed; what it throws then is logged, and not tried again', async () => {
    const handle: HandlerBinding['handle'] = async (_, context) => {
      await context.commit();
      throw new Error('afterwards');
    };

    expect(await deliveryTo({ handle }).attempt()).toBe('handled');
    expect(commits).toBe(1);
    expect(logger.at('error')).toEqual([expect.stringContaining('after it had committed it; it is not tried again')]);
  });

  it('cannot while another handler has its turn yet', async () => {
    const errors: unknown[] = [];
    const handle: HandlerBinding['handle'] = (_, context) =>
      context.commit().catch((error: unknown) => errors.push(error));

    expect(await deliveryTo({ handle }, { name: 'Audit.all' }).attempt()).toBe('handled');
    expect(errors).toEqual([expect.any(AcknowledgementError)]);
    expect(commits).toBe(0);
  });

  it('cannot once its attempt is over', async () => {
    let context: HandlerContext | undefined;
    await deliveryTo({ handle: (_, given) => void (context = given) }).attempt();

    await expect(context!.commit()).rejects.toThrow('the attempt is over');
    expect(commits).toBe(0);
  });
});
