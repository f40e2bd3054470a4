import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
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

    describe('of values', () => {
      const schema = `syntax = "proto3";
        import "google/protobuf/any.proto"; import "google/protobuf/timestamp.proto";
        enum Kind { SMALL = 0; LARGE = 1; }
        message Inner { uint32 n = 1; }
        message Every {
          int32 i = 1; uint32 u = 2; int64 l = 3; fixed64 ul = 4; double d = 5; bool b = 6; string s = 7; bytes raw = 8;
          Kind kind = 9; Inner inner = 10; repeated string list = 11; map<string, sint32> map = 12;
          google.protobuf.Timestamp at = 13; google.protobuf.Any any = 14; repeated Inner inners = 15;
          oneof one { string left = 16; string right = 17; }
        }`;
      const write = async (value: object) => {
        fake.add('every-value', { schema, schemaType: 'PROTOBUF' });
        const format = formatOf('Every');
        return format.deserialize(await format.serialize(value, 'every'), message);
      };

      it.each<[object, object?]>([
        [{ i: -1, u: 1, d: 0.5, b: true, s: 'a', kind: 'LARGE', list: ['a'], map: { a: -1 } }],
        [
          { l: 5, ul: 5n },
          { l: '5', ul: '5' },
        ],
        [{ l: '-9223372036854775808', ul: '18446744073709551615' }],
        [
          { l: { low: 1, high: 0, unsigned: false }, i: '5' },
          { l: '1', i: 5 },
        ],
        [{ raw: Buffer.from('a'), inner: { n: 1 }, inners: [{ n: 2 }] }],
        [
          { raw: 'YQ==', kind: 1 },
          { raw: Buffer.from('a'), kind: 'LARGE' },
        ],
        [
          { at: { seconds: 5 }, s: null, list: undefined },
          { at: { seconds: '5', nanos: 0 }, s: '', list: [] },
        ],
        [{ any: { '@type': 'x/Inner', n: 3 } }, {}],
        [{ d: 'NaN' }, { d: NaN }],
      ])('that are of the message: %p', async (value, read = value) => {
        expect(await write(value)).toMatchObject(read);
      });

      it.each<[object, string]>([
        [{ i: 'five' }, 'i: int32 expected'],
        [{ i: 1.5 }, 'i: int32 expected'],
        [{ i: 2 ** 31 }, 'i: int32 expected'],
        [{ u: -1 }, 'u: uint32 expected'],
        [{ l: 2 ** 53 }, 'l: int64 expected'],
        [{ l: 'x' }, 'l: int64 expected'],
        [{ ul: '18446744073709551616' }, 'ul: fixed64 expected'],
        [{ d: '5' }, 'd: double expected'],
        [{ b: 'no' }, 'b: bool expected'],
        [{ s: 5 }, 's: string expected'],
        [{ raw: 5 }, 'raw: bytes expected'],
        [{ kind: 'HUGE' }, 'kind: Kind expected'],
        [{ inner: { n: 'x' } }, 'inner.n: uint32 expected'],
        [{ inners: [{ n: 1 }, { n: 'x' }] }, 'inners[1].n: uint32 expected'],
        [{ list: [null] }, 'list[0]: string expected'],
        [{ map: { a: 'x' } }, 'map[a]: sint32 expected'],
        [{ at: new Date() }, 'at: object expected'],
        [{ left: 'a', right: 'b' }, 'one: multiple values'],
      ])('but none that would be written as another: %p', async (value, fault) => {
        await expect(write(value)).rejects.toThrow(`The value is not of the schema of "every-value": .Every: ${fault}`);
      });
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

  it.each([
    ['without an id', {}, {}, 'customer.json'],
    ['with an id', { $id: 'http://shop.example/schemas/order.json' }, {}, 'customer.json'],
    ['with an id that is relative', { $id: 'order.json' }, {}, 'customer.json'],
    [
      'with ids of both',
      { $id: 'http://shop.example/schemas/order.json' },
      { $id: 'http://shop.example/schemas/customer.json' },
      'customer.json',
    ],
    [
      'by an absolute name',
      { $id: 'http://shop.example/schemas/order.json' },
      {},
      'http://other.example/customer.json',
    ],
  ])('reads and writes JSON with a schema that builds on others, %s', async (_, ofOrder, ofCustomer, name) => {
    const customer = { ...ofCustomer, properties: { address: { $ref: 'address.json' } } };
    fake.add('address', { schema: '{"type":"string"}', schemaType: 'JSON' });
    fake.add('customer', {
      schema: JSON.stringify(name === 'customer.json' ? customer : { properties: { address: { type: 'string' } } }),
      schemaType: 'JSON',
      references: [{ name: 'address.json', subject: 'address', version: 1 }],
    });
    fake.add('orders-value', {
      schema: JSON.stringify({ ...ofOrder, properties: { customer: { $ref: name } } }),
      schemaType: 'JSON',
      references: [{ name, subject: 'customer', version: 1 }],
    });
    const format = registry.jsonSchema();

    const bytes = await format.serialize({ customer: { address: 'here' } }, 'orders');

    expect(await registry.jsonSchema().deserialize(bytes, message)).toEqual({ customer: { address: 'here' } });
    await expect(format.serialize({ customer: { address: 5 } }, 'orders')).rejects.toThrow('must be string');
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

  it.each(['default backend - 404', '{"error_code":404,"message":"HTTP 404 Not Found"}', 'null'])(
    'has another try when something else answers 404: %s',
    async (text) => {
      Object.assign(fake, { status: 404, text });

      const failure = await Promise.resolve(registry.avro().deserialize(header(1), message)).catch(
        (error: unknown) => error,
      );

      expect(failure).not.toBeInstanceOf(DeserializationError);
      expect(String(failure)).toContain(`answered 404 to GET /schemas/ids/1: ${text}`);
    },
  );

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

  it('looks the latest schema up again after five minutes, and goes on with the last one while that fails', async () => {
    const now = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(now);
    const id = fake.add('orders-value', { schema: avroOrder });
    const format = registry.avro();
    const written = async (): Promise<number> => (await format.serialize({ id: 'a' }, 'orders')).readInt32BE(1);
    try {
      expect(await written()).toBe(id);
      const next = fake.add('orders-value', { schema: avroOrder.replace('amount', 'pieces') });
      fake.status = 500;

      clock.mockReturnValue(now + 300_000);
      expect([await written(), await written()]).toEqual([id, id]);
      expect(fake.requests.length).toBe(2);

      fake.status = undefined;
      clock.mockReturnValue(now + 310_000);
      expect(await written()).toBe(next);
    } finally {
      clock.mockRestore();
    }
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

  it.each(['', 'registry', 'localhost:8081', 'file:///schemas'])('refuses the url "%s", which is none', (url) => {
    expect(() => new SchemaRegistry({ url })).toThrow('expected a url such as http://localhost:8081');
  });

  it('refuses a url with a password, and does not show it', () => {
    const make = (): unknown => new SchemaRegistry({ url: 'https://user:hunter2@registry:8081' });

    expect(make).toThrow('the url has a user or password in it; give them as auth: { username, password }');
    expect(make).not.toThrow('hunter2');
  });
});
