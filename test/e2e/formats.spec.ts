import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import {
  type Format,
  type Message,
  MessageHandler,
  MessagePayload,
  Producer,
  SchemaRegistry,
} from '@things-kit/nestjs-kafka';
import { LogRecorder, startApplication } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { FakeSchemaRegistry } from '../support/fake-schema-registry.js';
import { createTopic, produce, recordsOf, uniqueName, untilCommitted } from '../support/kafka.js';

const avroOrder = JSON.stringify({ type: 'record', name: 'Order', fields: [{ name: 'id', type: 'string' }] });
const jsonOrder = JSON.stringify({ type: 'object', required: ['id'] });
const protoOrder = 'syntax = "proto3"; message Order { string id = 1; }';

describe('formats with schemas in a registry', () => {
  let fake: FakeSchemaRegistry;
  let registry: SchemaRegistry;
  let app: INestApplicationContext | undefined;
  const logger = new LogRecorder();

  beforeEach(async () => {
    fake = await FakeSchemaRegistry.start();
    registry = new SchemaRegistry({ url: fake.url, timeoutMs: 1_000 });
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await fake.stop();
    logger.lines.length = 0;
  });

  async function start(topic: string, formats: Record<string, Format>, group: string): Promise<unknown[]> {
    const payloads: unknown[] = [];
    class Orders {
      @MessageHandler(topic, { deadLetter: true, retry: { initialDelayMs: 50, maxDelayMs: 50, maxAttempts: 1_000 } })
      created(@MessagePayload() order: unknown): void {
        payloads.push(order);
      }
    }
    app = await startApplication({ group, formats }, [Orders], logger);
    return payloads;
  }

  it.each([
    ['avro', { schema: avroOrder }],
    ['protobuf', { schema: protoOrder, schemaType: 'PROTOBUF' }],
    ['jsonSchema', { schema: jsonOrder, schemaType: 'JSON' }],
  ] as const)('%s: what is published reaches the handler, and a tombstone as null', async (kind, schema) => {
    const topic = await createTopic(uniqueName('orders'));
    const group = uniqueName('group');
    fake.add(`${topic}-value`, schema);
    const payloads = await start(topic, { [topic]: registry[kind]() }, group);

    await app!.get(Producer).publish({ topic, value: { id: 'a' } });
    await app!.get(Producer).publish({ topic, key: 'a', value: null });
    await untilCommitted(group, topic, '2');

    expect(payloads).toEqual([{ id: 'a' }, null]);
    const [stored] = await recordsOf(topic, 2);
    expect([...stored!.value!.subarray(0, 5)]).toEqual([0, 0, 0, 0, 1]);
  });

  it('a registry that is down holds the messages; none is lost', async () => {
    const topic = await createTopic(uniqueName('orders'));
    const group = uniqueName('group');
    const id = fake.add(`${topic}-value`, { schema: avroOrder });
    await produce(
      topic,
      ['a', 'b', 'c'].map((text) => ({ value: Buffer.from([0, 0, 0, 0, id, 2, text.charCodeAt(0)]) })),
    );
    await fake.stop();
    const payloads = await start(topic, { [topic]: registry.avro() }, group);
    await eventually(() => logger.find('error', 'The schema registry cannot be reached').length > 0);
    expect(payloads).toEqual([]);

    await fake.listen();
    await untilCommitted(group, topic, '3');

    expect(payloads).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
  });

  it('a schema that does not exist, and bytes that are not of theirs, are dead letters at once', async () => {
    const topic = await createTopic(uniqueName('orders'));
    const group = uniqueName('group');
    const id = fake.add(`${topic}-value`, { schema: avroOrder });
    const payloads = await start(topic, { [topic]: registry.avro() }, group);
    await produce(topic, [
      { value: Buffer.from([0, 0, 0, 0, 99, 2, 97]) },
      { value: '{"id":"a"}' },
      { value: Buffer.from([0, 0, 0, 0, id, 99]) },
      { value: Buffer.from([0, 0, 0, 0, id, 2, 97]) },
    ]);
    await untilCommitted(group, topic, '4');

    expect(payloads).toEqual([{ id: 'a' }]);
    const letters = await recordsOf(`${topic}.dlq`, 3);
    expect(letters.map(({ headers }) => [String(headers!['error-class']), String(headers!.attempts)])).toEqual(
      Array.from({ length: 3 }, () => ['DeserializationError', '1']),
    );
  });
});

describe('formats by topic', () => {
  let app: INestApplicationContext | undefined;
  afterEach(() => app?.close());

  it('win over the module’s, and those of a handler over both; published values have that of their topic', async () => {
    const [json, text, own, results] = await Promise.all(
      ['json', 'text', 'own', 'results'].map((name) => createTopic(uniqueName(name))),
    );
    const upper = {
      deserialize: (value: Buffer) => value.toString().toUpperCase(),
      serialize: (value: unknown) => Buffer.from(`upper ${JSON.stringify(value)}`),
    };
    const seen: unknown[] = [];
    class Orders {
      @MessageHandler([json!, text!], { publishTo: results! })
      created({ payload }: Message): unknown {
        seen.push(payload);
        return { payload };
      }

      @MessageHandler(own!, { format: upper })
      owned({ payload }: Message): void {
        seen.push(payload);
      }
    }
    const group = uniqueName('group');
    const formats = { [text!]: 'string', [own!]: 'bytes', [results!]: upper } as const;
    app = await startApplication({ group, formats }, [Orders]);
    await produce(json!, ['{"a":1}']);
    await untilCommitted(group, json!, '1');
    await produce(text!, ['{"a":1}']);
    await untilCommitted(group, text!, '1');
    await produce(own!, ['abc']);
    await untilCommitted(group, own!, '1');

    expect(seen).toEqual([{ a: 1 }, '{"a":1}', 'ABC']);
    const stored = await recordsOf(results!, 2);
    expect(stored.map(({ value }) => String(value))).toEqual([
      'upper {"payload":{"a":1}}',
      'upper {"payload":"{\\"a\\":1}"}',
    ]);
  });

  it('are checked at the start', async () => {
    const formats = { orders: 'xml' } as unknown as Record<string, Format>;
    await expect(startApplication({ group: 'g', formats }, [])).rejects.toThrow(
      /formats.*an object of formats by topic/s,
    );
  });
});
