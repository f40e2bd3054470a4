import { afterEach, describe, expect, it } from '@jest/globals';
import * as nest from '@nestjs/common';
import { MessageHandler, MessagePayload, MessageRefusedError } from '@things-kit/nestjs-kafka';
import { z } from 'zod';
import { closeHarness, harnessOf } from '../../support/harness.js';

/** Nest 11 has none. */
const Pipe = (nest as Partial<typeof nest>).StandardSchemaValidationPipe;
const onNest12 = Pipe ? describe : describe.skip;

onNest12('A payload with a Standard Schema', () => {
  afterEach(closeHarness);
  const schema = z.object({ id: z.string(), amount: z.coerce.number().positive() });

  it.each([
    ['beside the schema', () => MessagePayload({ schema, pipes: [new Pipe!()] })],
    ['behind it', () => MessagePayload({ schema }, new Pipe!())],
  ])('is validated and transformed by a pipe %s', async (_where, payload) => {
    const received: unknown[] = [];
    class Orders {
      @MessageHandler('orders', { deadLetter: true })
      created(@payload() order: z.infer<typeof schema>): void {
        received.push(order);
      }
    }
    const harness = await harnessOf([Orders]);

    const accepted = await harness.deliver({ topic: 'orders', value: { id: 'a', amount: '5', more: true } });
    const refused = await harness.deliver({ topic: 'orders', value: { id: 'a', amount: 'much' } });

    expect(accepted.outcome).toBe('handled');
    expect(received).toEqual([{ id: 'a', amount: 5 }]);
    expect(refused.outcome).toBe('dead-lettered');
    expect(refused.handlers[0]!.errors).toEqual([expect.any(MessageRefusedError)]);
    expect(String(refused.handlers[0]!.errors[0])).toContain('amount');
  });
});
