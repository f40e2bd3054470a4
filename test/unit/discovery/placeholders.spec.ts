import { describe, expect, it } from '@jest/globals';
import type { HandlerDefinition } from '../../../lib/discovery/handler-definition.js';
import { fillPlaceholders } from '../../../lib/discovery/placeholders.js';

const handler = (...topics: (string | RegExp)[]): HandlerDefinition => ({
  owner: Object,
  name: 'Orders.created',
  topics,
  options: {},
  undecorated: [],
  handle: () => undefined,
});
const configuration: Record<string, unknown> = { 'topics.orders': 'orders.v2', stage: 'test', port: 5, empty: '' };
const fill = (...topics: (string | RegExp)[]) => fillPlaceholders([handler(...topics)], (path) => configuration[path]);

describe('Placeholders in topics', () => {
  it('are filled from the configuration, wherever they stand', () => {
    const pattern = /^\$\{x\}/;
    const { definitions, faults } = fill('${topics.orders}', '${stage}.payments.${stage}', 'plain', pattern);

    expect(definitions[0]!.topics).toEqual(['orders.v2', 'test.payments.test', 'plain', pattern]);
    expect(faults).toEqual([]);
  });

  it.each([
    ['${topics.payments}', 'has nothing at "topics.payments"; a text was expected'],
    ['${port}', 'has a number at "port"'],
    ['${empty}', 'has a string at "empty"'],
    ['${}', 'has nothing at ""'],
    ['${kafka.group}', 'placeholders are not filled from below kafka; move "kafka.group" elsewhere'],
  ])('%s that cannot be filled is a fault, and its handler is not bound', (topic, fault) => {
    const { definitions, faults } = fill(topic);

    expect(definitions).toEqual([]);
    expect(faults).toEqual([expect.stringContaining(`Orders.created has the topic "${topic}", and`)]);
    expect(faults[0]).toContain(fault);
  });
});
