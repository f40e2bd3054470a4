import { expect, it } from '@jest/globals';
import { type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication } from '../support/application.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

const unprintable = (): never => {
  throw new Error('not to be looked at');
};

/** JavaScript lets a handler throw anything. */
const thrown: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['text', 'text'],
  ['an object without a prototype', Object.create(null)],
  ['an object that does not print', { toString: unprintable }],
  ['an error with a symbol for a message', Object.assign(new Error(), { message: Symbol('message') })],
  ['a proxy that throws', new Proxy({}, { get: unprintable, getPrototypeOf: unprintable })],
];

it('whatever a handler throws, its policy holds', async () => {
  const topic = await createTopic(uniqueName('thrown'));
  const group = uniqueName('group');
  const logger = new LogRecorder();
  const seen: string[] = [];
  class Throws {
    @MessageHandler(topic, { retry: { maxAttempts: 1 }, onExhausted: 'skip' })
    handle({ offset }: Message): void {
      seen.push(offset);
      const value = thrown[Number(offset)];
      if (value) throw value[1];
    }
  }
  await produce(topic, [...thrown.map(() => 'null'), 'null']);
  const app = await startApplication({ group }, [Throws], logger);

  await untilCommitted(group, topic, String(thrown.length + 1));
  await app.close();

  expect(seen).toHaveLength(thrown.length + 1);
  expect(logger.find('error', 'skipping the record (onExhausted: skip)')).toHaveLength(thrown.length);
});
