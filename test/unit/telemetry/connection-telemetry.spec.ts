import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as api from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { ConnectionTelemetry } from '../../../lib/telemetry/connection-telemetry.js';
import { Guard } from '../../../lib/telemetry/guard.js';
import type { Message } from '../../../lib/messaging/message.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { CollectedMetrics, CollectedSpans } from '../../support/telemetry.js';

const message = {
  topic: 'orders',
  partition: 0,
  offset: '5',
  key: null,
  value: null,
  headers: {},
} as unknown as Message;
const event = { topic: 'orders', partition: 0, group: 'billing', messages: [message] };

describe('the telemetry of a connection', () => {
  let logger: RecordingLogger;
  let collected: CollectedMetrics | undefined;
  let spans: CollectedSpans | undefined;
  beforeEach(() => {
    logger = new RecordingLogger();
  });
  afterEach(() => {
    collected?.stop();
    spans?.stop();
  });

  const telemetry = (connection = 'default') => new ConnectionTelemetry(api, connection, new Guard(logger));

  it('has nobody told of anything while no SDK is set', () => {
    const { observer, meter, tracer, publishing } = telemetry();

    expect([observer, meter, tracer.isOn]).toEqual([undefined, undefined, false]);
    expect(publishing.begin([{ topic: 'orders', value: null }])).toBeUndefined();
    const messages = [{ topic: 'orders', value: null }];
    expect(publishing.create(messages)).toBe(messages);
  });

  it('traces from when an SDK is set, also if that is late', () => {
    const { tracer } = telemetry();

    spans = CollectedSpans.start();

    expect(tracer.isOn).toBe(true);
    tracer.begin([message], 'billing')!.end('handled');
    expect(spans.named('process orders')).toHaveLength(1);
  });

  it('has no credentials in spans that an error quotes', () => {
    spans = CollectedSpans.start();
    const trace = telemetry().tracer.begin([message], 'billing')!;

    const error = new Error('no answer of postgres://shop:s3cret@db/orders');
    trace.failed({ error, attempt: 1, consequence: 'dead-letter', exhausted: true });
    trace.end('moved');

    const [{ status, events }] = spans.named('process orders') as [ReadableSpan];
    expect(status.message).toBe('no answer of postgres://***@db/orders');
    expect(JSON.stringify(events)).not.toContain('s3cret');
  });

  it('names its connection, unless that is the only one', async () => {
    collected = CollectedMetrics.start();

    for (const connection of ['default', 'analytics']) telemetry(connection).meter!.attempted(event, 1);

    const durations = await collected.histograms('messaging.process.duration');
    expect(durations.map(([, attributes]) => attributes['kafka.connection'])).toEqual([undefined, 'analytics']);
  });

  it.each([
    ['an error of a class without a name', new (class extends Error {})('no')],
    ['an error without a name', Object.assign(new Error('no'), { name: '' })],
  ])('counts %s as a failure', async (_, error) => {
    collected = CollectedMetrics.start();
    telemetry().meter!.attempted(event, 1, { error });

    const [[, attributes]] = (await collected.histograms('messaging.process.duration')) as [[unknown, api.Attributes]];
    expect(attributes['error.type']).toBe('Error');
  });

  it('keeps the names of errors few', async () => {
    collected = CollectedMetrics.start();
    const { meter } = telemetry();

    for (let at = 0; at < 1_000; at++) {
      const error = Object.assign(new Error('no'), { name: `Error${at}` });
      meter!.attempted(event, 1, { error });
    }

    const durations = await collected.histograms('messaging.process.duration');
    expect(durations).toHaveLength(101);
    expect(durations.find(([, attributes]) => attributes['error.type'] === '_OTHER')![0].count).toBe(900);
  });

  it('disturbs nothing where code of an SDK fails, and says so once a minute', () => {
    const shouldSample = (): never => {
      throw new Error('no samples today');
    };
    spans = CollectedSpans.start({ shouldSample, toString: () => 'failing' });
    const { tracer, publishing } = telemetry();

    expect(tracer.begin([message], 'billing')).toBeUndefined();
    expect(publishing.begin([{ topic: 'orders', value: null }])).toBeUndefined();
    expect(publishing.create([{ topic: 'orders', value: null }])).toEqual([{ topic: 'orders', value: null }]);
    expect(logger.at('error')).toEqual(['Telemetry failed; nothing else is changed by it: Error: no samples today']);
  });
});
