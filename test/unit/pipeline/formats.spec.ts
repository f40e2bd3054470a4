import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type Deserializer,
  DeserializationError,
  type Format,
  type HandlerContext,
  type KafkaOptions,
  Message,
  MessageHandler,
  MessagePayload,
} from '@things-kit/nestjs-kafka';
import { closeHarness, harnessOf } from '../../support/harness.js';

afterEach(closeHarness);

/** What a handler of a format gets for a value, and what became of the message. */
async function received(
  format: Format | undefined,
  value: Buffer | string | null,
  options: Partial<KafkaOptions> = {},
) {
  const payloads: unknown[] = [];
  class Orders {
    @MessageHandler('orders', { format, retry: { maxAttempts: 3 }, onExhausted: 'skip' })
    created({ payload }: Message, _: HandlerContext): void {
      payloads.push(payload);
    }
  }
  const delivery = await (await harnessOf([Orders], options)).deliver({ topic: 'orders', value });
  return { payloads, ...delivery };
}

const csv: Deserializer<string[]> = { deserialize: (value) => value.toString().split(',') };

describe('The format of a handler', () => {
  it.each<[Format | undefined, Buffer | string | null, unknown]>([
    [undefined, '{"id":1}', { id: 1 }],
    ['json', '"text"', 'text'],
    ['string', '{"id":1}', '{"id":1}'],
    ['bytes', Buffer.from([0xff, 0]), Buffer.from([0xff, 0])],
    [csv, 'a,b', ['a', 'b']],
    ['string', null, null],
    [csv, null, null],
  ])('%p makes of %p the payload %p', async (format, value, payload) => {
    expect(await received(format, value)).toMatchObject({ payloads: [payload], outcome: 'handled' });
  });

  it('is the module’s where the handler has none', async () => {
    expect(await received(undefined, 'text', { format: 'string' })).toMatchObject({ payloads: ['text'] });
    await closeHarness();
    expect(await received('json', '5', { format: 'string' })).toMatchObject({ payloads: [5] });
  });

  it('that cannot decode a value has it given up at once, whatever it throws', async () => {
    const failing: Deserializer = {
      deserialize: () => {
        throw new TypeError('no header');
      },
    };

    const { outcome, attempts, handlers } = await received(failing, 'x');
    expect({ outcome, attempts }).toEqual({ outcome: 'skipped', attempts: 1 });
    expect(handlers[0]!.errors[0]).toBeInstanceOf(DeserializationError);
    expect(String(handlers[0]!.errors[0])).toContain('The value of orders-0@0 (1 bytes) is no header');
  });

  it('that asks somebody is awaited before the handler, once for its attempts', async () => {
    let asked = 0;
    const registry: Deserializer = {
      eager: true,
      deserialize: (value) => {
        asked++;
        return Promise.resolve({ decoded: value.toString() });
      },
    };
    const seen: unknown[] = [];
    class Orders {
      @MessageHandler('orders', { format: registry })
      created({ payload }: Message, { attempt }: HandlerContext): void {
        seen.push(payload);
        if (attempt < 3) throw new Error('again');
      }
    }
    const { outcome } = await (await harnessOf([Orders])).deliver({ topic: 'orders', value: 'x' });

    expect(outcome).toBe('handled');
    expect(seen).toEqual(Array(3).fill({ decoded: 'x' }));
    expect(asked).toBe(1);
  });

  it('that asks somebody who is away is tried again; what it cannot decode is given up', async () => {
    let failures = 2;
    const away: Deserializer = {
      eager: true,
      deserialize: () => (failures-- > 0 ? Promise.reject(new Error('registry is down')) : Promise.resolve('there')),
    };
    expect(await received(away, 'x')).toMatchObject({ payloads: ['there'], outcome: 'handled' });
    await closeHarness();

    const unknown: Deserializer = {
      eager: true,
      deserialize: () => Promise.reject(new DeserializationError('of an unknown schema')),
    };
    const { outcome, handlers } = await received(unknown, 'x');
    expect(outcome).toBe('skipped');
    expect(handlers[0]!.errors).toHaveLength(1);
    expect(String(handlers[0]!.errors[0])).toContain('is of an unknown schema');
    expect(await received(unknown, null).catch(String)).toBeDefined();
  });

  it('that returns a promise without saying so is told to', async () => {
    const { handlers } = await received({ deserialize: () => Promise.resolve('late') }, 'x');

    expect(String(handlers[0]!.errors[0])).toContain('A deserializer that returns a promise needs eager: true');
  });

  it('is each handler’s own', async () => {
    const payloads: unknown[] = [];
    class Orders {
      @MessageHandler('orders', { format: 'string' })
      text(@MessagePayload() payload: string): void {
        payloads.push(payload);
      }

      @MessageHandler('orders')
      json(@MessagePayload() payload: unknown): void {
        payloads.push(payload);
      }
    }
    await (await harnessOf([Orders])).deliver({ topic: 'orders', value: '[1]' });

    expect(payloads).toEqual(['[1]', [1]]);
  });
});
