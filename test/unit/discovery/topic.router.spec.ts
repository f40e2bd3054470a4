import { describe, expect, it } from '@jest/globals';
import type { MessageHandlerOptions } from '../../../lib/decorators/message-handler.decorator.js';
import type { HandlerDefinition } from '../../../lib/discovery/handler-definition.js';
import { HandlerBindingError } from '../../../lib/discovery/handler-binding.error.js';
import { KafkaMessage } from '../../../lib/engine/decode/kafka-message.js';
import { record } from '../../support/records.js';
import { TopicRouter, type RouteDefaults } from '../../../lib/discovery/topic.router.js';

const defaults: RouteDefaults = {
  retry: { maxAttempts: 5, initialDelayMs: 100, multiplier: 2, maxDelayMs: 1000, jitter: 'full' },
  format: 'json',
  formats: {},
  deadLetter: false,
  onExhausted: 'retry',
  processingOrder: 'partition',
  handlerTimeoutMs: undefined,
  ackTimeoutMs: 60_000,
};

describe('TopicRouter', () => {
  it('finds the handlers of a topic in the order they were found', () => {
    const router = routerOf(
      handler('Orders.created', 'orders'),
      handler('Payments.processed', 'payments'),
      handler('Audit.all', /^orders/),
    );

    expect(namesFor(router, 'orders')).toEqual(['Orders.created', 'Audit.all']);
    expect(namesFor(router, 'payments')).toEqual(['Payments.processed']);
    expect(namesFor(router, 'refunds')).toEqual([]);
  });

  it.each(['orders.dlq', 'orders.retry.1', '__orders'])('gives %s to nobody by a RegExp', (topic) => {
    const router = routerOf(handler('Audit.all', /.*/), handler('Orders.dead', topic));

    expect(namesFor(router, topic)).toEqual(['Orders.dead']);
  });

  it('finds a RegExp with the flag g for one topic after the other', () => {
    const router = routerOf(handler('Audit.all', /^orders/g));

    const found = ['orders.a', 'orders.b', 'orders.c'].map((topic) => namesFor(router, topic));

    expect(found).toEqual([['Audit.all'], ['Audit.all'], ['Audit.all']]);
  });

  it('has each topic and each pattern once', () => {
    const router = routerOf(
      handler('Orders.created', 'orders', /payments/),
      handler('Audit.all', 'orders', /payments/, /payments/i),
    );

    expect(router.patterns).toEqual(['orders', /payments/, /payments/i]);
  });

  it('has a line for each route', () => {
    const router = routerOf(handler('Orders.created', 'orders', /^orders\.eu/), handler('Audit.all', 'orders'));

    expect(router.describe()).toEqual([
      'Mapped {orders} to Orders.created',
      'Mapped {/^orders\\.eu/} to Orders.created',
      'Mapped {orders} to Audit.all',
    ]);
  });

  it('lets the options of a handler win over the defaults, member by member', () => {
    const router = new TopicRouter(
      [
        { ...handler('A.a', 'a'), options: { retry: { maxAttempts: 1, jitter: undefined }, onExhausted: 'skip' } },
        handler('B.b', 'b'),
      ],
      defaults,
    );

    expect(router.handlersOf('a')[0]).toMatchObject({
      retry: { ...defaults.retry, maxAttempts: 1 },
      onExhausted: 'skip',
    });
    expect(router.handlersOf('b')[0]).toMatchObject({ retry: defaults.retry, onExhausted: 'retry' });
  });

  it.each<[MessageHandlerOptions, number]>([
    [{}, Infinity],
    [{ deadLetter: true }, 5],
    [{ deadLetter: { topic: 'dead' } }, 5],
    [{ deadLetter: true, retryTopics: ['10s'] }, 1],
    [{ retryTopics: ['10s'] }, 1],
    [{ deadLetter: false }, Infinity],
    [{ retryTopics: [] }, Infinity],
    [{ deadLetter: true, retry: { maxAttempts: 9 } }, 9],
  ])('bounds the attempts of %j by %d', (options, maxAttempts) => {
    const retry = { ...defaults.retry, maxAttempts: undefined };
    const router = new TopicRouter([{ ...handler('A.a', 'a'), options }], { ...defaults, retry });

    expect(router.handlersOf('a')[0]!.retry.maxAttempts).toBe(maxAttempts);
  });

  it.each<[MessageHandlerOptions['when'], boolean]>([
    [undefined, true],
    [{ header: 'type', equals: 'created' }, true],
    [{ header: 'type', equals: ['updated', 'created'] }, true],
    [{ header: 'type', equals: 'updated' }, false],
    [{ header: 'other', equals: '' }, false],
    [{ header: 'twice', equals: '2' }, true],
    [({ offset }) => offset === '5', true],
    [({ offset }) => offset === '6', false],
  ])('makes of when: %j a choice: %s', (when, expected) => {
    const [binding] = new TopicRouter([{ ...handler('A.a', 'a'), options: { when } }], defaults).handlersOf('a');
    const texts = [['type', 'created'] as const, ['twice', '1'] as const, ['twice', '2'] as const];
    const headers = texts.map(([name, value]) => [name, Buffer.from(value)] as const);
    const message = new KafkaMessage(record({ offset: 5, headers }));

    expect(binding!.when?.(message) ?? true).toBe(expected);
  });

  it('takes the module’s dead letters and classifiers where a handler says nothing', () => {
    const [named, own] = [{ topic: 'dead' }, { topic: 'own' }];
    const settings = { ...defaults, deadLetter: named, nonRetriable: [TypeError], classify: () => undefined };
    const router = new TopicRouter(
      [
        handler('A.a', 'a'),
        { ...handler('B.b', 'b'), options: { deadLetter: own, nonRetriable: [RangeError] } },
        { ...handler('C.c', 'c'), options: { deadLetter: false, classify: () => 'skip' } },
        { ...handler('D.d', 'd'), options: { deadLetter: true } },
      ],
      settings,
    );
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((topic) => router.handlersOf(topic)[0]!);

    expect([a, b, c, d].map((bound) => bound!.deadLetter)).toEqual([named, own, undefined, {}]);
    expect([a, b, c].map((bound) => bound!.classify(new TypeError()))).toEqual(['give-up', 'retry', 'skip']);
    expect(b!.classify(new RangeError())).toBe('give-up');
  });

  it('names the handlers that an explicit list of topics leaves out', () => {
    const router = routerOf(handler('Orders.created', 'orders', 'refunds'), handler('Audit.all', /^pay/, /^users/));

    expect(router.unlisted(['orders', 'payments'])).toEqual([
      'Orders.created takes refunds, which the option topics does not list: it gets no records',
      'Audit.all takes /^users/, which the option topics does not list: it gets no records',
    ]);
  });

  it('cannot be made of handlers that cannot be bound', () => {
    const route = () => routerOf(handler('Orders.created', ''), handler('Payments.processed', 'a b'));

    expect(route).toThrow(HandlerBindingError);
    expect(route).toThrow(/Orders\.created has the topic "".*\n.*Payments\.processed has the topic "a b"/);
  });
});

function routerOf(...handlers: HandlerDefinition[]): TopicRouter {
  return new TopicRouter(handlers, defaults);
}

function handler(name: string, ...topics: (string | RegExp)[]): HandlerDefinition {
  return { owner: Object, name, topics, options: {}, undecorated: [], handle: () => undefined };
}

function namesFor(router: TopicRouter, topic: string): string[] {
  return router.handlersOf(topic).map(({ name }) => name);
}
