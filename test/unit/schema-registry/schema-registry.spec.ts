import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DeserializationError, type Message, MessagingError, SchemaRegistry } from '../../../lib/index.js';
import { FakeSchemaRegistry } from '../../support/fake-schema-registry.js';

const message = {} as Message;
const header = (id: number): Buffer => Buffer.from([0, 0, 0, 0, id]);
const avroOrder = JSON.stringify({
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'amount', type: ['null', 'int'], default: null },
  ],
});
const jsonOrder = JSON.stringify({ type: 'object', properties: { id: { type: 'string' } }, required: ['id'] });
const protoOrder = `
  syntax = "proto3";
  package shop;
  enum Kind { SMALL = 0; LARGE = 1; }
  message Money { int64 units = 1; }
  message Order {
    string id = 1;
    Money price = 2;
    Kind kind = 3;
    message Line { string sku = 1; message Note { string text = 1; } }
    repeated Line lines = 4;
  }`;

describe('SchemaRegistry', () => {
  let fake: FakeSchemaRegistry;
  let registry: SchemaRegistry;

  beforeEach(async () => {
    fake = await FakeSchemaRegistry.start();
    registry = new SchemaRegistry({ url: `${fake.url}/`, timeoutMs: 1_000 });
  });
  afterEach(() => fake.stop());

  describe('reads and writes Avro', () => {
    it('byte for byte as others do', async () => {
      const id = fake.add('orders-value', { schema: avroOrder });
      const format = registry.avro();

      const bytes = await format.serialize({ id: 'a', amount: 3 }, 'orders');

      expect(bytes).toEqual(Buffer.concat([header(id), Buffer.from([2, 97, 2, 6])]));
      expect(await format.deserialize(bytes, message)).toEqual({ id: 'a', amount: 3 });
    });

    it('with schemas that build on others', async () => {
      fake.add('money', {
        schema: JSON.stringify({ type: 'record', name: 'Money', fields: [{ name: 'units', type: 'long' }] }),
      });
      const priced = { type: 'record', name: 'Priced', fields: [{ name: 'price', type: 'Money' }] };
      const references = [{ name: 'Money', subject: 'money', version: 1 }];
      fake.add('orders-value', { schema: JSON.stringify(priced), references });
      const format = registry.avro();

      const bytes = await format.serialize({ price: { units: 7 } }, 'orders');

      expect(await registry.avro().deserialize(bytes, message)).toEqual({ price: { units: 7 } });
    });
  });

  describe('reads and writes Protobuf', () => {
    const formatOf = (name?: string) => registry.protobuf(name === undefined ? {} : { message: name });
    let id: number;
    beforeEach(() => {
      id = fake.add('orders-value', { schema: protoOrder, schemaType: 'PROTOBUF' });
    });

    it.each([
      [undefined, { units: '9007199254740993' }, [0]],
      ['shop.Money', { units: '5' }, [0]],
      ['shop.Order', { id: 'a', price: { units: '1' }, kind: 'LARGE', lines: [{ sku: 's' }] }, [2, 2]],
      ['shop.Order.Line', { sku: 's' }, [4, 2, 0]],
      ['shop.Order.Line.Note', { text: 't' }, [6, 2, 0, 0]],
    ])('message %s, with its indexes in the schema', async (name, value, indexes) => {
      const format = formatOf(name);

      const bytes = await format.serialize(value, 'orders');

      expect(bytes.subarray(0, 5 + indexes.length)).toEqual(Buffer.concat([header(id), Buffer.from(indexes)]));
      expect(await formatOf().deserialize(bytes, message)).toEqual(value);
    });

    it('with fields that are not set at their default', async () => {
      const bytes = await formatOf('shop.Order').serialize({ id: 'a' }, 'orders');

      expect(await formatOf().deserialize(bytes, message)).toEqual({ id: 'a', price: null, kind: 'SMALL', lines: [] });
    });

    it('with what comes with Protobuf, and schemas that build on others of the same package', async () => {
      fake.add('money', {
        schema: 'syntax = "proto3"; package shop; message Money { int64 units = 1; }',
        schemaType: 'PROTOBUF',
      });
      const schema = `syntax = "proto3"; package shop; import "google/protobuf/timestamp.proto"; import "money.proto";
        message Priced { Money price = 1; google.protobuf.Timestamp at = 2; }`;
      const references = [{ name: 'money.proto', subject: 'money', version: 1 }];
      fake.add('priced-value', { schema, schemaType: 'PROTOBUF', references });
      const value = { price: { units: '7' }, at: { seconds: '1', nanos: 0 } };

      const bytes = await formatOf().serialize(value, 'priced');

      expect(bytes[5]).toBe(0);
      expect(await formatOf().deserialize(bytes, message)).toEqual(value);
    });

    it('but no message that the schema does not have', async () => {
      await expect(formatOf('shop.Nothing').serialize({}, 'orders')).rejects.toThrow('no message "shop.Nothing"');
      const strange = Buffer.concat([header(id), Buffer.from([2, 18, 1])]);
      await expect(formatOf().deserialize(strange, message)).rejects.toThrow('the schema has no message 9');
    });
  });

  describe('reads and writes JSON with a schema', () => {
    it.each(['http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2020-12/schema', undefined])(
      'of draft %s, and validates both ways',
      async (draft) => {
        const schema = JSON.stringify({ ...(JSON.parse(jsonOrder) as object), ...(draft && { $schema: draft }) });
        const id = fake.add('orders-value', { schema, schemaType: 'JSON' });
        const format = registry.jsonSchema();

        const bytes = await format.serialize({ id: 'a' }, 'orders');

        expect(bytes).toEqual(Buffer.concat([header(id), Buffer.from('{"id":"a"}')]));
        expect(await format.deserialize(bytes, message)).toEqual({ id: 'a' });
        await expect(format.serialize({ id: 1 }, 'orders')).rejects.toThrow('data/id must be string');
        const invalid = Buffer.concat([header(id), Buffer.from('{"id":1}')]);
        await expect(format.deserialize(invalid, message)).rejects.toThrow(DeserializationError);
      },
    );
  });

  describe('takes for undecodable', () => {
    const read = (bytes: Buffer) => registry.avro().deserialize(bytes, message);

    it.each([
      ['text', Buffer.from('{"id":"a"}')],
      ['too few bytes', Buffer.from([0, 0, 0])],
      ['nothing', Buffer.alloc(0)],
    ])('%s', async (_what, bytes) => {
      await expect(read(bytes)).rejects.toThrow(DeserializationError);
      expect(fake.requests).toEqual([]);
    });

    it('the id of a schema that is not there', async () => {
      await expect(read(header(77))).rejects.toThrow(DeserializationError);
    });

    it('bytes that are not of the schema', async () => {
      const id = fake.add('orders-value', { schema: avroOrder });
      await expect(read(Buffer.concat([header(id), Buffer.from([99])]))).rejects.toThrow(DeserializationError);
    });

    it('a schema of another kind', async () => {
      const id = fake.add('orders-value', { schema: jsonOrder, schemaType: 'JSON' });
      await expect(read(Buffer.concat([header(id), Buffer.from('{}')]))).rejects.toThrow('which is JSON and not AVRO');
    });
  });

  it.each([500, 503, 429, 401, 403])('has another try when the registry answers %s', async (status) => {
    const id = fake.add('orders-value', { schema: avroOrder });
    const bytes = Buffer.concat([header(id), Buffer.from([2, 97, 0])]);
    const format = registry.avro();
    fake.status = status;

    const failure = await Promise.resolve(format.deserialize(bytes, message)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MessagingError);
    expect(failure).not.toBeInstanceOf(DeserializationError);
    expect(String(failure)).toContain(`answered ${status} to GET /schemas/ids/${id}`);
    fake.status = undefined;

    expect(await format.deserialize(bytes, message)).toEqual({ id: 'a', amount: null });
  });

  it('says where it cannot be reached', async () => {
    await fake.stop();
    await expect(registry.avro().deserialize(header(1), message)).rejects.toThrow(
      `The schema registry cannot be reached at ${fake.url}: connect ECONNREFUSED`,
    );
  });

  it('asks for each schema once, however many ask at the same time', async () => {
    const id = fake.add('orders-value', { schema: avroOrder });
    const bytes = Buffer.concat([header(id), Buffer.from([2, 97, 0])]);
    const format = registry.avro();

    await Promise.all(Array.from({ length: 50 }, async () => format.deserialize(bytes, message)));
    await Promise.all(Array.from({ length: 50 }, async () => format.serialize({ id: 'a', amount: null }, 'orders')));

    expect(fake.requests).toEqual([`GET /schemas/ids/${id}`, 'GET /subjects/orders-value/versions/latest']);
  });

  it('registers a schema that it is given, once', async () => {
    const format = registry.avro({ schema: avroOrder, subject: (topic) => `${topic}.v1` });

    await format.serialize({ id: 'a', amount: 1 }, 'orders');
    await format.serialize({ id: 'b', amount: 1 }, 'orders');

    expect(fake.requests).toEqual(['POST /subjects/orders.v1/versions']);
  });

  it('says which subject has no schema', async () => {
    await expect(registry.avro().serialize({}, 'orders')).rejects.toThrow('no schema of subject "orders-value"');
    await expect(registry.avro({ subject: 'a/b' }).serialize({}, 'orders')).rejects.toThrow(
      'no schema of subject "a/b"',
    );
  });

  it.each([
    [{ username: 'u', password: 'hunter2' }, 'Basic dTpodW50ZXIy'],
    [{ token: 'hunter2' }, 'Bearer hunter2'],
  ])('signs on, and tells nobody how', async (auth, authorization) => {
    const signed = new SchemaRegistry({ url: fake.url, auth });
    fake.status = 401;
    const failure = await Promise.resolve(signed.avro().deserialize(header(1), message)).catch(String);

    expect(fake.authorization).toBe(authorization);
    expect(failure).toContain('answered 401');
    for (const secret of ['hunter2', authorization]) expect(failure).not.toContain(secret);
  });

  it('refuses a url that is none', () => {
    expect(() => new SchemaRegistry({ url: '' })).toThrow('expected a url such as http://localhost:8081');
  });

  it('refuses credentials in a url, and does not show them', () => {
    const create = () => new SchemaRegistry({ url: 'http://alice:hunter2@registry:8081' });
    expect(create).toThrow('expected a url without credentials, which belong in auth');
    expect(create).not.toThrow('hunter2');
  });
});
