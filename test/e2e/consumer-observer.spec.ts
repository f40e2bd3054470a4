import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DynamicModule, Injectable, type INestApplicationContext, Module, type Provider } from '@nestjs/common';
import {
  BatchError,
  BatchHandler,
  ConsumerObserver,
  type HandlerContext,
  type Message,
  MessageHandler,
  SkipMessageError,
} from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { createTopic, produce, uniqueName, untilCommitted } from '../support/kafka.js';

const quick = { initialDelayMs: 1, jitter: 'none' } as const;

/** Keeps in a line what it is told of messages. */
@Injectable()
class Diary extends ConsumerObserver {
  readonly lines: string[] = [];

  override received: ConsumerObserver['received'] = ({ messages }) => this.note('received', messages);

  override succeeded: ConsumerObserver['succeeded'] = ({ messages, handler, attempt, durationMs }) => {
    this.note('succeeded', messages, `${handler} attempt ${attempt}`);
    expect(durationMs).toBeGreaterThanOrEqual(0);
  };

  override failed: ConsumerObserver['failed'] = ({ messages, handler, attempt, error, consequence, exhausted }) =>
    this.note(
      'failed',
      messages,
      `${handler} attempt ${attempt}, ${(error as Error).name}, ${consequence}${exhausted ? ', exhausted' : ''}`,
    );

  override retried: ConsumerObserver['retried'] = ({ messages, attempt, delayMs, retryTopic }) =>
    this.note('retried', messages, `after attempt ${attempt} ${retryTopic ? 'in a retry topic' : `in ${delayMs} ms`}`);

  override deadLettered: ConsumerObserver['deadLettered'] = ({ topic, messages, attempts, deadLetterTopic }) =>
    this.note('deadLettered', messages, `after ${attempts} in ${deadLetterTopic.replace(topic, '<topic>')}`);

  override skipped: ConsumerObserver['skipped'] = ({ messages }) => this.note('skipped', messages);

  private note(what: string, messages: readonly Message[], more = ''): void {
    this.lines.push(`${what} ${messages.map(({ offset }) => offset).join('+')} ${more}`.trim());
  }
}

describe('an observer of consumers', () => {
  let topic: string;
  let group: string;
  let app: INestApplicationContext;
  const log = new LogRecorder();
  beforeEach(async () => {
    topic = await createTopic(uniqueName('orders'));
    group = uniqueName('group');
    log.lines.length = 0;
  });
  afterEach(async () => {
    await app.close();
  });

  /** What an observer is told of some records, until they are committed. */
  async function toldOf(values: string[], handlers: Provider, ...imports: DynamicModule[]): Promise<string[]> {
    await produce(topic, values);
    const observer = { provide: ConsumerObserver, useClass: Diary };
    app = await startApplication({ group }, [handlers, observer], log, imports);
    await untilCommitted(group, topic, String(values.length));
    const observers = app.get(ConsumerObserver, { each: true, strict: false });
    return observers.find((one) => one instanceof Diary)!.lines;
  }

  function boom(): never {
    throw new RangeError('boom');
  }

  it('is told of success', async () => {
    @Injectable()
    class Orders {
      @MessageHandler(topic)
      created(): void {}
    }

    expect(await toldOf(['1', '2'], Orders)).toEqual([
      'received 0',
      'succeeded 0 Orders.created attempt 1',
      'received 1',
      'succeeded 1 Orders.created attempt 1',
    ]);
  });

  it('is told of retries and of dead letters', async () => {
    @Injectable()
    class Orders {
      @MessageHandler(topic, { retry: { ...quick, maxAttempts: 2 }, deadLetter: true })
      created(): void {
        boom();
      }
    }

    expect(await toldOf(['1'], Orders)).toEqual([
      'received 0',
      'failed 0 Orders.created attempt 1, RangeError, retry',
      'retried 0 after attempt 1 in 1 ms',
      'failed 0 Orders.created attempt 2, RangeError, dead-letter, exhausted',
      'deadLettered 0 after 2 in <topic>.dlq',
    ]);
  });

  it('is told of what goes to a retry topic, and comes back', async () => {
    @Injectable()
    class Orders {
      @MessageHandler(topic, { retry: { maxAttempts: 1 }, retryTopics: ['100ms'] })
      created(_message: Message, { attempt }: HandlerContext): void {
        if (attempt === 1) boom();
      }
    }

    const lines = await toldOf(['1'], Orders);

    await eventually(() => lines.length === 5);
    expect(lines).toEqual([
      'received 0',
      'failed 0 Orders.created attempt 1, RangeError, retry-topic',
      'retried 0 after attempt 1 in a retry topic',
      'received 0',
      'succeeded 0 Orders.created attempt 2',
    ]);
  });

  it('is told of what is skipped: by a handler, by a policy, and because no handler takes it', async () => {
    @Injectable()
    class Orders {
      @MessageHandler(topic, {
        when: ({ payload }) => payload !== 'not for us',
        retry: { maxAttempts: 1 },
        onExhausted: 'skip',
      })
      created({ payload }: Message): void {
        if (payload === 'skip') throw new SkipMessageError('as it asks for');
        boom();
      }
    }

    expect(await toldOf(['"skip"', '"fail"', '"not for us"'], Orders)).toEqual([
      'received 0',
      'failed 0 Orders.created attempt 1, SkipMessageError, skip',
      'skipped 0',
      'received 1',
      'failed 1 Orders.created attempt 1, RangeError, skip, exhausted',
      'skipped 1',
      'received 2',
      'skipped 2',
    ]);
  });

  it('is told of each handler of a message', async () => {
    @Injectable()
    class Orders {
      @MessageHandler(topic)
      first(): void {}

      @MessageHandler(topic, { retry: { maxAttempts: 1 }, deadLetter: true })
      second(): void {
        boom();
      }
    }

    expect(await toldOf(['1'], Orders)).toEqual([
      'received 0',
      'succeeded 0 Orders.first attempt 1',
      'failed 0 Orders.second attempt 1, RangeError, dead-letter, exhausted',
      'deadLettered 0 after 1 in <topic>.dlq',
    ]);
  });

  it('is told of a batch, and of what has failed of it', async () => {
    @Injectable()
    class Stock {
      @BatchHandler(topic, { maxSize: 3, maxWaitMs: 5_000, retry: { maxAttempts: 1 }, deadLetter: true })
      update(messages: Message[]): void {
        throw new BatchError([{ message: messages[1]!, error: new RangeError('boom') }]);
      }
    }

    expect(await toldOf(['1', '2', '3'], Stock)).toEqual([
      'received 0+1+2',
      'succeeded 0+2 Stock.update attempt 1',
      'failed 1 Stock.update attempt 1, RangeError, dead-letter, exhausted',
      'deadLettered 1 after 1 in <topic>.dlq',
    ]);
  });

  it('is told of a batch whose messages are handled one by one', async () => {
    @Injectable()
    class Stock {
      @BatchHandler(topic, { maxSize: 2, maxWaitMs: 5_000, retry: { maxAttempts: 1 }, deadLetter: true })
      update(messages: Message[]): void {
        if (messages.length > 1) boom();
      }
    }

    expect(await toldOf(['1', '2'], Stock)).toEqual([
      'received 0+1',
      'failed 0+1 Stock.update attempt 1, RangeError, split, exhausted',
      'succeeded 0 Stock.update attempt 1',
      'succeeded 1 Stock.update attempt 1',
    ]);
  });

  it('changes nothing where it throws or rejects, and holds back no other observer', async () => {
    class Failing extends ConsumerObserver {
      override received(): void {
        throw new Error('no observation today');
      }

      override succeeded = (() => Promise.reject(new Error('nor later'))) as () => void;
    }
    @Injectable()
    class Orders {
      @MessageHandler(topic)
      created(): void {}
    }
    @Module({ providers: [{ provide: ConsumerObserver, useClass: Failing }] })
    class Observing {}

    const lines = await toldOf(['1', '2'], Orders, { module: Observing });

    expect(lines).toHaveLength(4);
    expect(log.find('error', 'Failing.')).toEqual([
      'Failing.received failed; nothing else is changed by it: Error: no observation today',
      'Failing.succeeded failed; nothing else is changed by it: Error: nor later',
    ]);
  });
});
