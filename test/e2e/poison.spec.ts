import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { type DeadLetter, DeadLetterService, Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { startApplication } from '../support/application.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

const nested = '['.repeat(100_000) + ']'.repeat(100_000);
const manyHeaders = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`header-${i}`, String(i)]));

/** What no producer should write, and some do. */
const poison: { name: string; value: Buffer | null; headers?: Record<string, string | string[]>; decodes: boolean }[] =
  [
    { name: 'null', value: null, decodes: true },
    { name: 'nothing', value: Buffer.alloc(0), decodes: false },
    { name: '1 MB of random bytes', value: Buffer.concat([Buffer.of(0xff), randomBytes(1_048_000)]), decodes: false },
    { name: 'invalid UTF-8', value: Buffer.of(0x22, 0xc3, 0x28, 0xff), decodes: false },
    { name: 'truncated JSON', value: Buffer.from('{"id": 1, "na'), decodes: false },
    { name: 'JSON nested 100,000 deep', value: Buffer.from(nested), decodes: true },
    { name: '__proto__ keys', value: Buffer.from('{"__proto__": {"admin": true}}'), decodes: true },
    { name: '5,000 headers', value: Buffer.from('1'), headers: manyHeaders, decodes: true },
    { name: 'headers of one name', value: Buffer.from('1'), headers: { a: ['1', '2', '3'], b: '4' }, decodes: true },
    {
      name: 'headers with names of ours',
      value: Buffer.from('1'),
      headers: { error: 'x', attempts: 'y' },
      decodes: true,
    },
    {
      name: 'a header called __proto__',
      value: Buffer.from('1'),
      headers: JSON.parse('{"__proto__":"x"}') as Record<string, string>,
      decodes: true,
    },
    { name: 'an unfit redrive header', value: Buffer.from('1'), headers: { 'redrive-count': '-1' }, decodes: true },
  ];

describe('poison', () => {
  let app: INestApplicationContext | undefined;
  afterEach(async () => app?.close());

  it('ends where the policy says, byte for byte, and what is behind it is handled', async () => {
    const topic = await createTopic(uniqueName('poison'));
    const group = uniqueName('group');
    const decoded: string[] = [];
    let reached = false;
    class Poisoned {
      @MessageHandler(topic, { retry: { maxAttempts: 1 }, deadLetter: true })
      handle({ key, payload }: Message): void {
        if (String(key) === 'last') {
          reached = true;
          return;
        }
        decoded.push(String(key));
        if (({} as { admin?: boolean }).admin) throw new Error('polluted');
        throw new Error(`refused a ${typeof payload}`);
      }
    }
    for (const { name, value, headers } of poison) await produce(topic, [{ key: name, value, headers }]);
    await produce(topic, [{ key: 'last', value: '1' }]);
    app = await startApplication({ group }, [Poisoned]);
    await untilCommitted(group, topic, String(poison.length + 1));

    const letters: DeadLetter[] = [];
    for await (const letter of app.get(DeadLetterService).read(`${topic}.dlq`)) letters.push(letter);

    expect(reached).toBe(true);
    expect(decoded).toEqual(poison.filter(({ decodes }) => decodes).map(({ name }) => name));
    expect(letters.map(({ message }) => message.key!.toString())).toEqual(poison.map(({ name }) => name));
    for (const [index, { value, headers = {}, decodes }] of poison.entries()) {
      const { message, errorClass } = letters[index]!;
      expect(sameBytes(message.value, value)).toBe(true);
      expect(errorClass).toBe(decodes ? 'Error' : 'DeserializationError');
      expect(Object.entries(message.headers)).toEqual(Object.entries(headers));
    }
  });
});

function sameBytes(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}
