import { Inject, Injectable, Module, type DynamicModule, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  AcknowledgementError,
  Consumer,
  Producer,
  type Handler,
  type Message,
  type OutgoingMessage,
  type PublishedRecord,
} from '@things-kit/nestjs-kafka';

const HANDLERS = Symbol('HANDLERS');

/** Topics inside this process, each message handled before the next. */
@Injectable()
export class InMemoryBroker implements Consumer, Producer {
  private readonly queue: Message[] = [];
  private readonly stopping = new AbortController();
  private running = false;
  private published = 0;
  private work = Promise.resolve();

  constructor(
    @Inject(HANDLERS) private readonly handlers: Record<string, Type<Handler>>,
    private readonly modules: ModuleRef,
  ) {}

  start(): Promise<void> {
    this.running = true;
    this.work = this.work.then(() => this.deliver());
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.work;
  }

  publish(message: OutgoingMessage): Promise<PublishedRecord> {
    const offset = String(this.published++);
    this.queue.push(toMessage(message, offset));
    this.work = this.work.then(() => this.deliver());
    return Promise.resolve({ topic: message.topic, partition: 0, offset });
  }

  publishBatch(messages: OutgoingMessage[]): Promise<PublishedRecord[]> {
    return Promise.all(messages.map((message) => this.publish(message)));
  }

  /** What is published is in the queue at once. */
  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.stop();
  }

  /** At least once: a message leaves the queue when its handler has succeeded, and not before. */
  private async deliver(): Promise<void> {
    for (let attempt = 1; this.running && this.queue.length > 0; attempt++) {
      const message = this.queue[0]!;
      const handler = this.handlers[message.topic];
      const delivery = {
        signal: this.stopping.signal,
        attempt,
        group: 'in-memory',
        handler: `${handler?.name}.handle`,
      };
      try {
        if (handler) await this.modules.get(handler, { strict: false }).handle(message, { ...delivery, ...answers });
        this.queue.shift();
        attempt = 0;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, Math.min(1_000, 10 * 2 ** attempt)));
      }
    }
  }
}

/** Here, returning is the acknowledgement. */
const refuse = (): never => {
  throw new AcknowledgementError('A message of the in-memory broker is acknowledged by returning');
};
const answers = { ack: refuse, nack: refuse, commit: async () => refuse(), publish: async () => refuse() };

function toMessage({ topic, key, value, headers = {}, timestamp }: OutgoingMessage, offset: string): Message {
  const rawHeaders = Object.fromEntries(
    Object.entries(headers).map(([name, header]) => [name, Buffer.from(String(header))]),
  );
  const bytes = toBytes(value);
  return {
    topic,
    partition: 0,
    offset,
    timestamp: timestamp ?? new Date(),
    key: toBytes(key),
    value: bytes,
    headers: Object.fromEntries(Object.entries(rawHeaders).map(([name, header]) => [name, header.toString()])),
    rawHeaders,
    get payload(): unknown {
      return bytes && (JSON.parse(bytes.toString()) as unknown);
    },
  };
}

function toBytes(value: unknown): Buffer | null {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Stands where `KafkaModule` stood: whoever injects `Consumer` and `Producer` notices nothing. */
@Module({})
export class InMemoryModule {
  static forRoot(handlers: Record<string, Type<Handler>>): DynamicModule {
    const providers = [
      InMemoryBroker,
      { provide: HANDLERS, useValue: handlers },
      { provide: Consumer, useExisting: InMemoryBroker },
      { provide: Producer, useExisting: InMemoryBroker },
    ];
    return { module: InMemoryModule, global: true, providers, exports: [Consumer, Producer] };
  }
}
