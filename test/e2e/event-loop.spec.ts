import { describe, expect, it } from '@jest/globals';
import { type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication } from '../support/application.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

describe('handlers that never wait for anything', () => {
  it('leave the event loop to heartbeats, commits and others', async () => {
    const topic = await createTopic(uniqueName('busy'));
    const group = uniqueName('group');
    const logger = new LogRecorder();
    const records = 1_600; // eight seconds of work, by the clock whatever else the machine does, in a session of six
    let handled = 0;
    let turns = 0;
    let workEnds: number | undefined;
    class Busy {
      @MessageHandler(topic)
      async handle(_message: Message): Promise<void> {
        workEnds ??= performance.now() + 8_000;
        for (const until = Math.min(performance.now() + 5, workEnds); performance.now() < until;);
        handled++;
        await Promise.resolve();
      }
    }
    const timer = setInterval(() => turns++, 10);
    await produce(
      topic,
      Array.from({ length: records }, () => 'null'),
    );
    const app = await startApplication({ group }, [Busy], logger);
    await untilCommitted(group, topic, String(records));
    clearInterval(timer);
    await app.close();

    expect(handled).toBe(records);
    expect(turns).toBeGreaterThan(50);
    expect(logger.find('warn', '')).toEqual([]);
  });
});
