import { describe, expect, it } from '@jest/globals';
import type { ClientStatus } from '../../../../lib/engine/client/consumer-client.js';
import { stateOf, type ConsumerFacts } from '../../../../lib/engine/condition/consumer-state.js';

const client: ClientStatus = {
  step: 'member',
  topics: ['orders', /^audit\./],
  problem: undefined,
  heartbeatMs: 10,
  unplaced: [],
  throttled: [],
};
const running: ConsumerFacts = {
  autoStart: true,
  phase: 'running',
  end: undefined,
  isAssigned: false,
  partitions: 0,
  client,
  failures: null,
};
const failures = { count: 3, forMs: 10, error: 'No broker can be reached: kafka:9092' };
const place = (partition: number) => ({ topic: 'orders', partition });

describe('stateOf', () => {
  it.each<[string, string | null, Partial<ConsumerFacts>]>([
    ['not-started', 'it has not been started yet', { phase: 'new' }],
    ['switched-off', 'autoStart is false, and nobody has called start()', { phase: 'new', autoStart: false }],
    ['connecting', 'it looks for the brokers', { client: undefined }],
    ['connecting', failures.error, { client: undefined, failures }],
    ['connecting', 'it looks for the brokers', { client: { ...client, step: 'connecting' } }],
    ['connecting', failures.error, { client: { ...client, step: 'connecting' }, failures }],
    ['no-topics', 'none of its topics exists: orders, /^audit\\./', { client: { ...client, step: 'no-topics' } }],
    ['joining', 'it joins the group', { client: { ...client, step: 'joining' } }],
    [
      'joining',
      'it joins the group, the last attempt failed: not authorised',
      { client: { ...client, step: 'joining', problem: 'not authorised' } },
    ],
    ['rebalancing', 'the group is rebalancing', { client: { ...client, step: 'rebalancing' }, isAssigned: true }],
    ['consuming', null, { client: { ...client, step: 'rebalancing' }, isAssigned: true, partitions: 1 }],
    [
      'positioning',
      'no position to read from could be had yet of orders-0, orders-1',
      { client: { ...client, unplaced: [place(1), place(0)] } },
    ],
    ['positioning', 'it waits for its assignment', {}],
    ['consuming', null, { isAssigned: true, partitions: 2 }],
    [
      'consuming',
      'no position to read from could be had yet of orders-1',
      { isAssigned: true, partitions: 1, client: { ...client, unplaced: [place(1)] } },
    ],
    [
      'unassigned',
      'all partitions are with other members: the group has more members than partitions',
      { isAssigned: true },
    ],
    ['stopping', 'it is being stopped', { phase: 'stopping', isAssigned: true, partitions: 1 }],
    ['stopped', 'the application has stopped it', { phase: 'stopped', client: undefined }],
    ['fenced', 'replaced', { phase: 'stopped', end: { state: 'fenced', reason: 'replaced' } }],
    ['halted', 'a policy', { phase: 'stopping', end: { state: 'halted', reason: 'a policy' } }],
  ])('%s: %s', (state, reason, facts) => {
    expect(stateOf({ ...running, ...facts })).toEqual({ state, reason });
  });
});
