import { describe, expect, it } from '@jest/globals';
import { type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { createTopic, deleteTopic, produce, setOffset, uniqueName, untilCommitted } from '../support/kafka.js';

describe('a log that is not what it was', () => {
  it('of a topic deleted and made anew is read from its beginning, longer or not', async () => {
    const topic = await createTopic(uniqueName('recreated'));
    const group = uniqueName('group');
    const seen: unknown[] = [];
    class Reader {
      @MessageHandler(topic)
      handle({ payload }: Message): void {
        seen.push(payload);
      }
    }
    await produce(topic, ['1', '2', '3']);
    const app = await startApplication({ group, startFromBeginning: false }, [Reader]);
    await eventually(async () => {
      if (seen.length === 0) await produce(topic, ['0']); // the group starts at the end
      return seen.length > 0;
    });
    seen.length = 0;

    await deleteTopic(topic);
    await eventually(() => createTopic(topic).then(() => undefined));
    await produce(topic, ['10', '11', '12', '13', '14', '15', '16', '17', '18', '19']);

    await eventually(() => expect(seen).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]), { timeoutMs: 30_000 });
    await app.close();
  });

  it('is read from its beginning also after a restart in between', async () => {
    const topic = await createTopic(uniqueName('truncated'));
    const group = uniqueName('group');
    const logger = new LogRecorder();
    const seen: unknown[] = [];
    let broken = true;
    class Reader {
      @MessageHandler(topic, { retry: { initialDelayMs: 50, maxDelayMs: 50 } })
      handle({ payload }: Message): void {
        if (broken) throw new Error('not yet');
        seen.push(payload);
      }
    }
    await produce(topic, ['0']);
    await setOffset(group, topic, '5');
    const first = await startApplication({ group }, [Reader], logger);
    await eventually(() => logger.find('error', 'has no offset 5 (topic truncated or recreated?)').length === 1);
    await untilCommitted(group, topic, '0');
    await produce(topic, ['1', '2', '3', '4', '5', '6', '7']);
    await first.close();
    broken = false;

    const second = await startApplication({ group }, [Reader]);
    await untilCommitted(group, topic, '8');
    await second.close();

    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});
