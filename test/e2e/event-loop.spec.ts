import { describe, expect, it } from '@jest/globals';
import { type Message, MessageHandler } from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication } from '../support/application.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

describe('handlers that never wait for anything', () => {
  it('leave the event loop to heartbeats, commits and others', async () => {
    const topic = await createTopic(uniqueName('busy'));
    const group = uniqueName('group');
    const logger = new LogRecorder();
    const records = 1_600;
    let handled = 0;
    let turns = 0;
    class Busy {
      @MessageHandler(topic)
      async handle(_message: Message): Promise<void> {
        for (const until = performance.now() + 5; performance.now() < until;);
        handled++;
        await Promise.resolve();
      }
    }
    const timer = setInterval(() => turns++, 10);
    await produce(
      topic,
      Array.from({ length: records }, () => 'null'),
    );
    const app = await startApplication({ group }, [Busy], logger); // eight seconds of work, a session of six
    await untilCommitted(group, topic, String(records));
    clearInterval(timer);
    await app.close();

    expect(handled).toBe(records);
    expect(turns).toBeGreaterThan(100);
    expect(logger.find('warn', '')).toEqual([]);
  });
});
