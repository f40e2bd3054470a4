import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { DeadLetterService, KafkaConsumerService, MessageHandler, NonRetriableError } from '@things-kit/nestjs-kafka';
import { startApplication, testOptions } from '../support/application.js';
import type { FailingWorkerJob } from '../support/failing-worker.js';
import {
  brokers,
  committedOffset,
  createTopic,
  produce,
  recordsOf,
  uniqueName,
  untilCommitted,
} from '../support/kafka.js';
import { NodeProcess } from '../support/processes.js';

describe('a process that is killed', () => {
  const processes: NodeProcess[] = [];
  let app: INestApplicationContext | undefined;
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((one) => one.kill()));
    await app?.close();
  });

  function start(file: string, argv: string[], env?: NodeJS.ProcessEnv): NodeProcess {
    const started = new NodeProcess(file, argv, env);
    processes.push(started);
    return started;
  }

  it('between a dead letter and its commit leaves a duplicate at most, never a gap', async () => {
    const topic = await createTopic(uniqueName('orders'), 2);
    const group = uniqueName('group');
    await produce(
      topic,
      Array.from({ length: 40 }, (_, i) => ({ value: String(i), partition: i % 2 })),
    );
    const never = { commitIntervalMs: 600_000, commitAfterRecords: 1_000_000 };
    const job: FailingWorkerJob = { topic, options: testOptions({ group, sessionTimeoutMs: 6_000, ...never }) };
    const first = start('test/support/failing-worker.ts', [JSON.stringify(job)]);
    await recordsOf(`${topic}.dlq`, 40);
    await first.kill();
    expect(await committedOffset(group, topic, 0)).toBe('0');

    start('test/support/failing-worker.ts', [
      JSON.stringify({ ...job, options: { ...job.options, commitIntervalMs: 100 } }),
    ]);
    await untilCommitted(group, topic, '20', 0);
    await untilCommitted(group, topic, '20', 1);

    const letters = await recordsOf(`${topic}.dlq`, 80);
    const numbers = letters.map(({ value }) => Number(value!.toString()));
    const each = Array.from({ length: 40 }, (_, i) => i);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(each.flatMap((i) => [i, i]));
  });

  it('in the middle of a redrive has moved nothing twice, and the next one moves the rest', async () => {
    const topic = await createTopic(uniqueName('orders'), 2);
    class Orders {
      @MessageHandler(topic, { deadLetter: true })
      created(): void {
        throw new NonRetriableError('no');
      }
    }
    const values = Array.from({ length: 200 }, (_, i) => String(i));
    await produce(
      topic,
      values.map((value, i) => ({ value, partition: i % 2 })),
    );
    app = await startApplication({ group: uniqueName('group') }, [Orders]);
    await recordsOf(`${topic}.dlq`, 200);
    const service = app.get(DeadLetterService);
    await app.get(KafkaConsumerService).stop();

    const killed = start('lib/command/main.ts', ['redrive', `${topic}.dlq`, '--rate', '40'], {
      KAFKA_BROKERS: brokers().join(','),
    });
    await recordsOf(topic, 230);
    await killed.kill();
    const rest = await service.redrive(`${topic}.dlq`);

    expect(rest.finished).toBe(true);
    expect(rest.moved).toBeLessThan(175);
    const all = (await recordsOf(topic, 400)).map(({ value }) => value!.toString());
    expect(all.toSorted()).toEqual([...values, ...values].toSorted());
  });
});
