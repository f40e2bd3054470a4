import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import {
  DeadLetterService,
  type HandlerContext,
  Message,
  MessageHandler,
  NonRetriableError,
} from '@things-kit/nestjs-kafka';
import { runRedriveCommand } from '../../lib/command/redrive.command.js';
import { startApplication } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import {
  brokers,
  committedOffset,
  createTopic,
  produce,
  recordsOf,
  uniqueName,
  untilCommitted,
} from '../support/kafka.js';

describe('redrive', () => {
  const apps: INestApplicationContext[] = [];
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
  });

  /** An application that gives up on everything, until it is mended. */
  async function failing(partitions: number, values: readonly string[]) {
    const topic = await createTopic(uniqueName('orders'), partitions);
    const group = uniqueName('group');
    const state = { broken: true, handled: [] as string[], messages: [] as Message[] };
    class Orders {
      @MessageHandler(topic, { deadLetter: true })
      created(message: Message): void {
        const value = message.value!.toString();
        if (state.broken) throw new (value.startsWith('x') ? TypeLikeError : NonRetriableError)(`no ${value}`);
        state.handled.push(value);
        state.messages.push(message);
      }
    }
    await produce(
      topic,
      values.map((value, index) => ({ key: value, value, partition: index % partitions, headers: { number: value } })),
    );
    const app = await startApplication({ group }, [Orders]);
    apps.push(app);
    await recordsOf(`${topic}.dlq`, values.length);
    return { app, topic, dlq: `${topic}.dlq`, group, state, service: app.get(DeadLetterService) };
  }

  class TypeLikeError extends NonRetriableError {}
  const numbers = (count: number, prefix = ''): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

  it('lists, shows, tells in a dry run, moves each record once and to its partition, and then has nothing left', async () => {
    const { service, dlq, topic, group, state } = await failing(2, [...numbers(20), ...numbers(5, 'x')]);

    const kinds = await service.list(dlq);
    expect(kinds.map(({ originalTopic, errorClass, count }) => ({ originalTopic, errorClass, count }))).toEqual([
      { originalTopic: topic, errorClass: 'NonRetriableError', count: 20 },
      { originalTopic: topic, errorClass: 'TypeLikeError', count: 5 },
    ]);
    const [first] = await recordsOf(dlq, 25);
    const letter = await service.show(dlq, 0, first!.offset);
    expect(letter).toMatchObject({ group, handler: 'Orders.created', attempts: 1, redrives: 0, original: { topic } });
    expect(letter.message.headers).toEqual({ number: letter.message.value!.toString() });

    state.broken = false;
    const dry = await service.redrive(dlq, { dryRun: true });
    expect(dry).toMatchObject({ moved: 25, scanned: 25, finished: true });
    const done = await service.redrive(dlq);
    expect(done).toMatchObject({ moved: 25, scanned: 25, total: 25, exhausted: 0, foreign: 0, finished: true });
    await eventually(() => expect(state.handled.toSorted()).toEqual([...numbers(20), ...numbers(5, 'x')].toSorted()));
    expect(state.messages.every(({ partition, value }) => partition === partitionBefore(value!.toString()))).toBe(true);
    const { number, ...ours } = state.messages[0]!.headers;
    expect(number).toBe(state.messages[0]!.value!.toString());
    expect(ours).toEqual({
      'redrive-topic': topic,
      'redrive-group': group,
      'redrive-handler': 'Orders.created',
      'redrive-count': '1',
    });
    expect(await service.redrive(dlq)).toMatchObject({ moved: 0, scanned: 0, finished: true });
  });

  /** Of 25 that were written in turn to two partitions. */
  function partitionBefore(value: string): number {
    return (value.startsWith('x') ? 20 + Number(value.slice(1)) : Number(value)) % 2;
  }

  it('stopped half way and started again, by limit and by signal, moves every record exactly once', async () => {
    const values = numbers(60);
    const { service, dlq, state, topic } = await failing(3, values);
    state.broken = false;

    expect(await service.redrive(dlq, { limit: 7 })).toMatchObject({ moved: 7, finished: false });
    const stopping = new AbortController();
    const stopped = await service.redrive(dlq, {
      rate: 20,
      signal: stopping.signal,
      onProgress: () => stopping.abort(),
    });
    expect(stopped.finished).toBe(false);
    expect(stopped.moved).toBeLessThan(53);
    const rest = await service.redrive(dlq);

    expect(rest).toMatchObject({ moved: 53 - stopped.moved, finished: true });
    await eventually(() => state.handled.length === 60);
    expect(new Set(state.handled)).toEqual(new Set(values));
    expect(await recordsOf(topic, 120)).toHaveLength(120);
  });

  it('started twice at the same time, moves every record exactly once all the same', async () => {
    const values = numbers(80);
    const { service, dlq, state } = await failing(2, values);
    state.broken = false;

    const redrives = await Promise.allSettled([
      service.redrive(dlq, { rate: 200 }),
      service.redrive(dlq, { rate: 200 }),
    ]);

    for (const redrive of redrives) {
      if (redrive.status === 'rejected')
        expect(String(redrive.reason)).toContain('another process has taken the job over');
    }
    expect(redrives.map(({ status }) => status)).toContain('fulfilled');
    await service.redrive(dlq);
    await eventually(() => state.handled.length >= 80);
    expect(state.handled.toSorted()).toEqual(values.toSorted());
  });

  it('keeps to its filter: class of error, header, key, time, partition and offsets', async () => {
    const { service, dlq, state } = await failing(1, [...numbers(6), 'x0', 'x1']);
    state.broken = false;
    const [first] = await recordsOf(dlq, 8);
    const midnight = new Date(Number(first!.timestamp) - 1);

    const counts = async (filter: Parameters<typeof service.list>[1]): Promise<number> =>
      (await service.list(dlq, filter)).reduce((sum, { count }) => sum + count, 0);
    expect(await counts({ errorClass: 'TypeLikeError' })).toBe(2);
    expect(await counts({ headers: { number: '3' } })).toBe(1);
    expect(await counts({ headers: { number: '3' }, key: '4' })).toBe(0);
    expect(await counts({ to: midnight })).toBe(0);
    expect(await counts({ from: midnight })).toBe(8);
    expect(await counts({ fromOffset: 2, toOffset: 5 })).toBe(3);
    expect(await counts({ partition: 1 })).toBe(0);
    expect(await counts({ handler: 'Other.method' })).toBe(0);
    expect(await service.redrive(dlq, { errorClass: 'TypeLikeError' })).toMatchObject({ moved: 2, scanned: 8 });
    await eventually(() => expect(state.handled).toEqual(['x0', 'x1']));
  });

  it('concerns the group and the handler that gave up; counts, and ends, what comes back again and again', async () => {
    const { service, dlq, state, topic, group } = await failing(1, ['1']);
    const others: string[] = [];
    class Others {
      @MessageHandler(topic)
      created({ value }: Message, { group: own }: HandlerContext): void {
        others.push(`${own === group ? 'same' : 'other'} ${value!.toString()}`);
      }
    }
    const other = uniqueName('other');
    apps.push(await startApplication({ group: other }, [Others]));
    await untilCommitted(other, topic, '1');

    for (const round of [1, 2, 3]) {
      expect(await service.redrive(dlq)).toMatchObject({ moved: 1, finished: true });
      const letters = await recordsOf(dlq, 1 + round);
      expect(String(letters.at(-1)!.headers!['redrive-count'])).toBe(String(round));
    }
    state.broken = false;

    expect(await service.redrive(dlq)).toMatchObject({ moved: 0, exhausted: 1 });
    expect(await service.redrive(dlq, { maxRedrives: 9, fromOffset: 3 })).toMatchObject({ moved: 1 });
    await eventually(() => expect(state.handled).toEqual(['1']));
    await eventually(async () => expect(await committedOffset(other, topic)).toMatch(/^[5-9]$/)); // with transaction markers
    expect(others).toEqual(['other 1']);
  });

  it('is a command', async () => {
    const { dlq, state } = await failing(1, ['1', '2']);
    state.broken = false;
    const run = async (...argv: string[]): Promise<{ code: number; out: string; err: string }> => {
      const said = { out: '', err: '' };
      const code = await runRedriveCommand(argv, {
        env: { KAFKA_BROKERS: brokers().join(',') },
        print: (text) => void (said.out += text),
        terminal: { isTTY: true, write: (text) => void (said.err += text) },
        signal: new AbortController().signal,
      });
      return { code, ...said };
    };

    const list = await run('list', dlq);
    expect(list.out).toMatch(
      /^2 dead letters in .*\n\ncount +original topic +error class +oldest +newest\n2 .*NonRetriableError/,
    );
    const show = await run('show', dlq, '0', '1');
    expect(show.out).toMatch(/^dead letter {3}.*-0@1\n(.*\n)*error +NonRetriableError: no 2\n(.*\n)*value +2\n/);
    const dry = await run('redrive', dlq, '--dry-run');
    expect(dry.out).toBe('2 of 2 dead letters would be moved\n');
    const redrive = await run('redrive', dlq, '--key', '2', '--rate', '1000');
    expect(redrive).toMatchObject({ code: 0 });
    expect(redrive.out).toMatch(/^1 of 2 dead letters moved\njob redrive\..* is done\n$/);
    expect(redrive.err).toContain('[==============================] 100 %, 2 of 2 seen, 1 moved');
    await eventually(() => expect(state.handled).toEqual(['2']));
    expect(await run('redrive')).toMatchObject({ code: 2, err: expect.stringContaining('expected a topic, got ""') });
    expect(await run('list', 'no-such-topic')).toMatchObject({ code: 1 });
    expect((await run('help')).out).toContain('Usage:');
  });
});
