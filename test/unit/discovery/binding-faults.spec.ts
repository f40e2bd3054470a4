import { describe, expect, it } from '@jest/globals';
import { bindingFaults } from '../../../lib/discovery/binding-faults.js';
import { HandlerBindingError } from '../../../lib/discovery/handler-binding.error.js';
import type { HandlerDefinition } from '../../../lib/discovery/handler-definition.js';
import { MessagingError } from '../../../lib/messaging/errors.js';

describe('bindingFaults', () => {
  it('has nothing against handlers that can be bound', () => {
    const handlers = [
      handler({ topics: ['orders', /payments/] }),
      handler({ name: 'Orders.other', topics: ['orders'] }),
      handler({ name: 'Orders.all', topics: [/.*/] }),
    ];

    expect(bindingFaults(handlers)).toEqual([]);
  });

  it.each<[string, Partial<HandlerDefinition>, string]>([
    [
      'a handler that is no function',
      { name: 'Orders.handle', handle: undefined },
      'Orders.handle is no function; a class decorated with @MessageHandler needs a method handle(message, context)',
    ],
    ['an empty list of topics', { topics: [] }, 'Orders.created has an empty list of topics'],
    ['an empty topic', { topics: [''] }, 'Orders.created has the topic "", which is empty'],
    [
      'an illegal topic name',
      { topics: ['orders created'] },
      'Orders.created has the topic "orders created", which may only have letters, digits, ".", "_" and "-"',
    ],
    ['a topic that is a dot', { topics: ['.'] }, 'Orders.created has the topic ".", which must not be "." or ".."'],
    [
      'a topic that is no name',
      { topics: [undefined as never] },
      'Orders.created has a topic that is a undefined; a string or a RegExp was expected',
    ],
    [
      'the same topic twice in a list',
      { topics: ['orders', 'orders'] },
      'Orders.created to orders is bound twice; remove one @MessageHandler, or the second module that has the class among its providers',
    ],
    [
      'the same RegExp twice in a list',
      { topics: [/orders/, /orders/] },
      'Orders.created to /orders/ is bound twice; remove one @MessageHandler, or the second module that has the class among its providers',
    ],
  ])('names class and method of %s', (_, fields, fault) => {
    expect(bindingFaults([handler(fields)])).toEqual([fault]);
  });

  it.each<[string, Partial<HandlerDefinition>, string]>([
    ['retry', { topics: ['x'.repeat(232)], options: { retryTopics: ['10s'] } }, '.retry.billing.10s'],
    ['dead-letter', { topics: ['x'.repeat(246)], options: { deadLetter: true } }, '.dlq'],
  ])('tells when a %s topic would have too long a name', (_, fields, suffix) => {
    const faults = bindingFaults([handler(fields)], 'billing');

    const name = `${String(fields.topics![0])}${suffix}`;
    expect(faults).toEqual([
      `Orders.created needs the topic "${name}", which has 250 characters, 249 are allowed; shorten the name of the topic or ` +
        'the group',
    ]);
    expect(bindingFaults([handler({ ...fields, topics: [String(fields.topics![0]).slice(1)] })], 'billing')).toEqual(
      [],
    );
  });

  it('refuses retry topics of two classes with one name: a record in them names its handler', () => {
    const one = handler({ owner: class Orders {}, options: { retryTopics: ['10s'] } });
    const other = handler({ owner: class Orders {}, topics: ['payments'] });

    expect(bindingFaults([one, other])).toEqual([
      'Orders.created has retryTopics, and another class has the same name; rename one of the two',
    ]);
    expect(bindingFaults([one, { ...one, topics: ['refunds'] }])).toEqual([]);
    expect(bindingFaults([{ ...one, options: {} }, other])).toEqual([]);
  });

  it('refuses an idempotent handler of two classes with one name: they would share what they remember', () => {
    const one = handler({ owner: class Orders {}, options: { idempotent: true } });
    const other = handler({ owner: class Orders {}, topics: ['payments'] });

    expect(bindingFaults([other, one])).toEqual([
      'Orders.created is idempotent, and another class has the same name; rename one of the two',
    ]);
    expect(bindingFaults([one, { ...one, topics: ['refunds'] }])).toEqual([]);
  });

  it('names a binding once that is there three times', () => {
    const faults = bindingFaults([handler({}), handler({}), handler({})]);

    expect(faults).toEqual([expect.stringContaining('Orders.created to orders is bound twice')]);
  });

  it('lists every fault of every handler', () => {
    const faults = bindingFaults([
      handler({ name: 'A.handle', handle: undefined, topics: ['', '..'] }),
      handler({ name: 'B.created', topics: [] }),
    ]);

    expect(faults.map((fault) => fault.slice(0, 9))).toEqual(['A.handle ', 'A.handle ', 'A.handle ', 'B.created']);
  });
});

describe('bindings of the same name', () => {
  it('are one binding twice in the same class, and two in two classes', () => {
    class Orders {}
    const other = { Orders: class Orders {} }.Orders;
    const bound = (owner: unknown): HandlerDefinition => handler({ owner });

    expect(bindingFaults([bound(Orders), bound(other)])).toEqual([]);
    expect(bindingFaults([bound(Orders), bound(other), bound(Orders)])).toEqual([
      expect.stringContaining('Orders.created to orders is bound twice'),
    ]);
  });
});

describe('HandlerBindingError', () => {
  it('lists its faults, in the message and by themselves', () => {
    const error = new HandlerBindingError(['A.b is wrong', 'C.d is wrong']);

    expect(error).toBeInstanceOf(MessagingError);
    expect(error.name).toBe('HandlerBindingError');
    expect(error.faults).toEqual(['A.b is wrong', 'C.d is wrong']);
    expect(error.message).toBe('Message handlers cannot be bound:\n  - A.b is wrong\n  - C.d is wrong');
  });
});

function handler(fields: Partial<HandlerDefinition>): HandlerDefinition {
  return {
    owner: Object,
    name: 'Orders.created',
    topics: ['orders'],
    options: {},
    undecorated: [],
    handle: () => undefined,
    ...fields,
  };
}
