import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { MessageHandler } from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { createTopic, uniqueName } from '../support/kafka.js';

class Handlers {
  @MessageHandler('nowhere')
  handle(): void {}
}

describe('brokers that cannot be reached', () => {
  it('do not hold up the start; the log names them, and they are tried again', async () => {
    const broker = await unusedAddress();
    const logger = new LogRecorder();

    const app = await startApplication({ brokers: [broker], group: 'group' }, [Handlers], logger);
    await eventually(() => logger.find('error', `No broker can be reached: ${broker}`).length >= 2);

    const start = Date.now();
    await app.close();
    expect(Date.now() - start).toBeLessThan(1_000);
  });

  it('fail the start after connectTimeoutMs, with what to check', async () => {
    const broker = await unusedAddress();

    const start = startApplication({ brokers: [broker], group: 'group', connectTimeoutMs: 1_000 }, [Handlers]);

    await expect(start).rejects.toThrow(
      `Group "group" could not be joined within connectTimeoutMs (1000 ms) through ${broker}. Check that the brokers run`,
    );
  });
});

describe('connectTimeoutMs', () => {
  it('lets the start wait until the group is joined', async () => {
    const topic = await createTopic(uniqueName('connect'));
    class Waiting {
      @MessageHandler(topic)
      handle(): void {}
    }
    const logger = new LogRecorder();
    const app = await startApplication({ group: uniqueName('group'), connectTimeoutMs: 20_000 }, [Waiting], logger);
    try {
      expect(logger.find('log', `joined; reading ${topic}-0@0`)).toHaveLength(1);
    } finally {
      await app.close();
    }
  });
});

/** An address nobody listens on. */
async function unusedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}
