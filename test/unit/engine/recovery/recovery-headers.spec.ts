import { describe, expect, it } from '@jest/globals';
import type { RecordHeader } from '../../../../lib/engine/client/consumer-client.js';
import { describeThrown } from '../../../../lib/engine/describe-thrown.js';
import {
  errorValues,
  joinHeaders,
  splitFailure,
  splitRedrive,
  splitRetry,
} from '../../../../lib/engine/recovery/recovery-headers.js';

const header = (name: string, value: string): RecordHeader => [name, Buffer.from(value)];
const own = [header('error', 'my own'), header('trace', '1'), header('trace', '2'), ['none', null] as const];
const failure = {
  'original-topic': 'orders',
  'original-partition': '1',
  'original-offset': '2',
  'original-timestamp': '2026-01-01T00:00:00.000Z',
  'original-group': 'billing',
  'original-handler': 'Orders.created',
  attempts: '3',
  timestamp: '2026-01-01T00:00:01.000Z',
  error: 'boom',
  'error-class': 'Error',
  'error-stack': '',
};

describe('Headers of a failure', () => {
  it('come off again, and leave what the record has of the same names', () => {
    expect(splitFailure(joinHeaders(own, failure))).toEqual({ own, values: failure });
  });

  it('come off of a record that has no others', () => {
    expect(splitFailure(joinHeaders([], failure))).toEqual({ own: [], values: failure });
  });

  it('are empty where they hold nothing', () => {
    expect(splitFailure([['attempts', null]])).toMatchObject({ own: [], values: { attempts: '' } });
  });

  it('are empty where a record has none', () => {
    const { own: left, values } = splitFailure([header('trace', '1'), header('attempts', '9')]);

    expect(left).toEqual([header('trace', '1')]);
    expect(values).toMatchObject({ attempts: '9', 'original-topic': '', error: '' });
  });

  it('come off with those of a retry', () => {
    const values = { ...failure, 'retry-step': '1', 'retry-due': '2026-01-01T00:00:11.000Z' };

    expect(splitRetry(joinHeaders(own, values))).toEqual({ own, values });
  });
});

describe('Headers of a redrive', () => {
  it('are there or not', () => {
    const values = {
      'redrive-topic': 'orders',
      'redrive-group': 'billing',
      'redrive-handler': 'Orders.created',
      'redrive-count': '1',
    };

    expect(splitRedrive(own, 'orders')).toBeUndefined();
    expect(splitRedrive([header('redrive-group', 'billing')], 'orders')).toBeUndefined();
    expect(splitRedrive(joinHeaders(own, values), 'orders')).toEqual({ own, values });
  });

  it('mean nothing in another topic, to which somebody has forwarded them', () => {
    const values = { 'redrive-topic': 'orders', 'redrive-group': 'billing' };

    expect(splitRedrive(joinHeaders(own, values), 'orders.enriched')).toBeUndefined();
  });
});

describe('What headers tell of an error', () => {
  it('is its message, class and stack', () => {
    class Declined extends Error {}
    const error = new Declined('no money');

    expect(errorValues(describeThrown(error))).toEqual({
      error: 'no money',
      'error-class': 'Declined',
      'error-stack': error.stack,
    });
  });

  it.each([
    ['text', 'string', 'text'],
    [undefined, 'undefined', 'undefined'],
    [{ code: 1 }, 'object', '[object Object]'],
  ])('is of %p its type and text', (thrown, type, text) => {
    expect(errorValues(describeThrown(thrown))).toEqual({ error: text, 'error-class': type, 'error-stack': '' });
  });

  it('prefers a name that was given to that of the class', () => {
    const named = Object.assign(new Error('no'), { name: 'PaymentDeclined' });

    expect(errorValues(describeThrown(named))['error-class']).toBe('PaymentDeclined');
  });

  it('says so where nothing can be told', () => {
    const hostile = Object.create(null) as object;

    expect(errorValues(describeThrown(hostile))).toMatchObject({ error: 'something that cannot be printed' });
  });

  it('is cut to what headers may have, between characters', () => {
    const long = errorValues({
      text: '',
      name: 'E'.repeat(2_000),
      message: `x${'é'.repeat(2_000)}`,
      stack: '😀'.repeat(3_000),
    });

    expect(Buffer.byteLength(long.error)).toBe(1_023);
    expect(long.error).toMatch(/^xé+$/);
    expect(Buffer.byteLength(long['error-class'])).toBe(1_024);
    expect(Buffer.byteLength(long['error-stack'])).toBe(8_192);
    expect(errorValues({ text: '', name: '', message: 'é'.repeat(512) }).error).toBe('é'.repeat(512));
  });
});
