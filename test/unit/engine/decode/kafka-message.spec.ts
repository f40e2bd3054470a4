import { describe, expect, it } from '@jest/globals';
import type { RecordHeader } from '../../../../lib/engine/client/consumer-client.js';
import { KafkaMessage } from '../../../../lib/engine/decode/kafka-message.js';
import { DeserializationError } from '../../../../lib/messaging/errors.js';
import { Message } from '../../../../lib/messaging/message.js';
import { record } from '../../../support/records.js';

describe('KafkaMessage', () => {
  it('is a Message', () => {
    expect(new KafkaMessage(record({}))).toBeInstanceOf(Message);
  });

  it('has the place, the time and the bytes of the record', () => {
    const [key, value] = [Buffer.from('k'), Buffer.from('v')];

    const message = new KafkaMessage(
      record({ topic: 'orders', partition: 3, offset: 2 ** 53 - 1, timestamp: 1000, key, value }),
    );

    expect(message.topic).toBe('orders');
    expect(message.partition).toBe(3);
    expect(message.offset).toBe('9007199254740991');
    expect(message.timestamp).toEqual(new Date(1000));
    expect(message.key).toBe(key);
    expect(message.value).toBe(value);
  });

  it('decodes JSON once', () => {
    const message = new KafkaMessage(record({ value: Buffer.from('{"id":"größe"}') }));

    expect(message.payload).toEqual({ id: 'größe' });
    expect(message.payload).toBe(message.payload);
  });

  it('has null as the payload of a tombstone', () => {
    expect(new KafkaMessage(record({ value: null })).payload).toBeNull();
  });

  it.each(['', '{', 'plain text'])('refuses %j as a payload, and says where it is', (text) => {
    const message = new KafkaMessage(record({ offset: 7, value: Buffer.from(text) }));

    expect(() => message.payload).toThrow(DeserializationError);
    expect(() => message.payload).toThrow(`The value of orders-0@7 (${text.length} bytes) is not JSON: `);
  });

  it('shows the bytes of a value that is no JSON', () => {
    expect(new KafkaMessage(record({ value: Buffer.from('{') })).value).toEqual(Buffer.from('{'));
  });

  it('decodes headers as UTF-8', () => {
    expect(headersOf(['trace', Buffer.from('größe')])).toEqual({ trace: 'größe' });
  });

  it('gathers a header that occurs more than once, in order', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];

    const message = messageWith(['via', a], ['other', b], ['via', b], ['via', c]);

    expect({ ...message.headers }).toEqual({ via: ['a', 'b', 'c'], other: 'b' });
    expect({ ...message.rawHeaders }).toEqual({ via: [a, b, c], other: b });
  });

  it('keeps the bytes of a header that is no text', () => {
    const bytes = Buffer.from([0xff, 0x00]);

    expect(messageWith(['id', bytes]).rawHeaders.id).toBe(bytes);
  });

  it('has an empty text for a header without a value', () => {
    expect(headersOf(['empty', null])).toEqual({ empty: '' });
  });

  it.each(['__proto__', 'constructor', 'toString'])('takes %s for a name like any other', (name) => {
    const { headers } = messageWith([name, Buffer.from('x')], [name, Buffer.from('y')]);

    expect(Object.keys(headers)).toEqual([name]);
    expect(headers[name]).toEqual(['x', 'y']);
  });

  it('has no headers where there are none', () => {
    expect(headersOf()).toEqual({});
  });

  function messageWith(...headers: RecordHeader[]): KafkaMessage {
    return new KafkaMessage(record({ headers }));
  }

  function headersOf(...headers: RecordHeader[]): object {
    return { ...messageWith(...headers).headers };
  }
});
