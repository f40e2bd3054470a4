import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext, Provider } from '@nestjs/common';
import { type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { startApplication, untilAssigned } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { createTopic, produce, uniqueName } from '../support/kafka.js';

describe('two applications of one group', () => {
  const apps: INestApplicationContext[] = [];
  afterEach(async () => Promise.all(apps.splice(0).map((app) => app.close())));

  it('share the partitions; when one closes the other takes over, and nothing is lost or repeated', async () => {
    const topic = await createTopic(uniqueName('share'), 4);
    const group = uniqueName('group');
    const seen: Record<string, number[]> = { a: [], b: [] };
    const all = (): number[] => [...seen.a!, ...seen.b!];
    const start = async (name: string): Promise<INestApplicationContext> => {
      const app = await startApplication({ group }, [recorder(topic, seen[name]!)]);
      apps.push(app);
      return app;
    };
    const publish = async (from: number, to: number): Promise<void> => {
      await produce(
        topic,
        Array.from({ length: to - from }, (_, i) => ({ value: String(from + i), partition: i % 4 })),
      );
    };

    const a = await start('a');
    await untilAssigned(a, 4);
    await publish(0, 200);
    const b = await start('b'); // while a is at work
    await untilAssigned(a, 2);
    await untilAssigned(b, 2);
    await publish(200, 400);
    await eventually(() => all().length >= 400);
    expect(seen.a!.some((n) => n >= 200)).toBe(true);
    expect(seen.b!.some((n) => n >= 200)).toBe(true);

    await publish(400, 600);
    await a.close();
    await untilAssigned(b, 4);
    await publish(600, 800);
    await eventually(() => all().length >= 800);

    expect(all().toSorted((x, y) => x - y)).toEqual(Array.from({ length: 800 }, (_, i) => i));
  });

  it('each read only the topics they have handlers for', async () => {
    const orders = await createTopic(uniqueName('orders'), 2);
    const payments = await createTopic(uniqueName('payments'), 2);
    const group = uniqueName('group');
    const seen: Record<string, number[]> = { orders: [], payments: [] };
    apps.push(await startApplication({ group }, [recorder(orders, seen.orders!)]));
    apps.push(await startApplication({ group }, [recorder(payments, seen.payments!)]));
    await Promise.all(apps.map((app) => untilAssigned(app, 2)));

    await produce(orders, ['1', '2', '3']);
    await produce(payments, ['4', '5', '6']);

    await eventually(() => seen.orders!.length + seen.payments!.length === 6);
    expect(seen.orders!.toSorted()).toEqual([1, 2, 3]);
    expect(seen.payments!.toSorted()).toEqual([4, 5, 6]);
  });
});

function recorder(topic: string, seen: number[]): Provider {
  class Recorder {
    @MessageHandler(topic)
    handle({ payload }: Message<number>): void {
      seen.push(payload);
    }
  }
  return Recorder;
}
