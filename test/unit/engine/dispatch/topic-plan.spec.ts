import { describe, expect, it } from '@jest/globals';
import { planTopic } from '../../../../lib/engine/dispatch/topic-plan.js';
import { TopicPlans } from '../../../../lib/engine/dispatch/topic-plans.js';
import type { HandlerBinding } from '../../../../lib/engine/handler-binding.js';
import type { ProcessingOrder } from '../../../../lib/messaging/processing-order.js';
import { handlerBinding } from '../../../support/handler-binding.js';
import { RecordingLogger } from '../../../support/recording-logger.js';
import { record } from '../../../support/records.js';

function binding(fields: Partial<HandlerBinding>): HandlerBinding {
  return handlerBinding({ order: 'key', ...fields });
}

describe('The plan of a topic', () => {
  it.each<[ProcessingOrder[], ProcessingOrder]>([
    [[], 'partition'],
    [['unordered'], 'unordered'],
    [['unordered', 'key'], 'key'],
    [['key', 'unordered', 'partition'], 'partition'],
  ])('has of the orders %j the strictest: %s', (asked, order) => {
    const handlers = asked.map((one) => binding({ order: one }));

    expect(planTopic(handlers, []).order).toBe(order);
  });

  it('has the order of the partition where handlers name different lanes', () => {
    const [one, other] = [() => 'a', () => 'b'];

    expect(planTopic([binding({ lane: one }), binding({ lane: other })], []).order).toBe('partition');
    expect(planTopic([binding({ lane: one }), binding({ lane: one })], []).order).toBe('key');
    expect(planTopic([binding({ lane: one }), binding({})], []).order).toBe('partition');
  });

  it('tells different keys apart, byte for byte, and none from an empty one', () => {
    const { laneKey } = planTopic([binding({})], []);
    const keys = [null, Buffer.alloc(0), Buffer.from([0xff]), Buffer.from([0xfe]), Buffer.from('a')];

    expect(new Set(keys.map((key) => laneKey(record({ key })))).size).toBe(keys.length);
  });

  it('takes the lane that a handler names, and that of no key where it throws', () => {
    const lane: HandlerBinding['lane'] = ({ payload }) => (payload as { customer: string }).customer;
    const { laneKey } = planTopic([binding({ lane })], []);

    expect(laneKey(record({ value: Buffer.from('{"customer":"c1"}') }))).toBe('c1');
    expect(laneKey(record({ value: Buffer.from('{') }))).toBeUndefined();
  });
});

describe('The plans of topics', () => {
  it('are made once for each topic', () => {
    const plans = new TopicPlans(() => [binding({})], 'billing', new RecordingLogger());

    expect(plans.of('orders')).toBe(plans.of('orders'));
  });

  it('let a handler’s limits hold across its topics', () => {
    const limited = binding({ concurrency: 1, rateLimit: 5 });
    const plans = new TopicPlans(() => [limited], 'billing', new RecordingLogger());
    const [orders, payments] = [plans.of('orders').gates, plans.of('payments').gates];

    expect(orders).toHaveLength(2);
    orders.forEach((gate, index) => expect(payments[index]).toBe(gate));
  });
});
