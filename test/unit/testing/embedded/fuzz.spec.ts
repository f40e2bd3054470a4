import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { EmbeddedKafka } from '../../../../lib/testing/index.js';
import { apis } from '../../../../lib/testing/embedded/protocol/apis.js';
import { WireClient } from '../../../conformance/support/wire-client.js';

let kafka: EmbeddedKafka;

beforeAll(async () => {
  kafka = await EmbeddedKafka.start({ topics: ['t'], autoCreateTopics: false, maxRequestBytes: 1_000_000 });
});

afterAll(async () => {
  await kafka.stop();
});

async function open(): Promise<Socket> {
  const socket = connect(Number(kafka.brokers[0]?.split(':')[1]), '127.0.0.1');
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Sends bytes, says that there are no more, and resolves when the broker has closed its side too. */
async function send(bytes: Buffer): Promise<void> {
  const socket = await open();
  socket.resume();
  socket.end(bytes);
  await once(socket, 'close');
}

async function expectAlive(): Promise<void> {
  const client = await WireClient.connect(kafka.brokers[0] as string);
  const { brokers } = await client.request('Metadata', { topics: [], allowAutoTopicCreation: false });
  expect(brokers).toHaveLength(1);
  client.close();
}

function frame(body: Buffer): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeInt32BE(body.length);
  return Buffer.concat([prefix, body]);
}

function header(key: number, version: number): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeInt16BE(key, 0);
  bytes.writeInt16BE(version, 2);
  bytes.writeInt32BE(1, 4);
  bytes.writeInt16BE(-1, 8);
  return bytes;
}

const noise = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const keys = Object.values(apis).map(({ key, maxVersion }) => ({ key, maxVersion }));

describe('the broker survives', () => {
  test('random bytes', async () => {
    await fc.assert(fc.asyncProperty(noise, send), { seed: 42, numRuns: 150 });
    await expectAlive();
  });

  test('random bodies of every API', async () => {
    const request = fc
      .tuple(fc.constantFrom(...keys), noise)
      .map(([{ key, maxVersion }, body]) => frame(Buffer.concat([header(key, maxVersion), body])));
    await fc.assert(fc.asyncProperty(request, send), { seed: 42, numRuns: 500 });
    await expectAlive();
  });

  test('requests that are cut off anywhere', async () => {
    const whole = frame(Buffer.concat([header(3, 6), Buffer.from([0, 0, 0, 1, 0, 1, 116, 0])]));
    for (let length = 0; length <= whole.length; length++) await send(whole.subarray(0, length));
    await expectAlive();
  });

  test('one bit wrong in a request', async () => {
    const whole = frame(Buffer.concat([header(3, 6), Buffer.from([0, 0, 0, 1, 0, 1, 116, 0])]));
    const flipped = fc.integer({ min: 0, max: whole.length * 8 - 1 }).map((bit) => {
      const copy = Buffer.from(whole);
      copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      return copy;
    });
    await fc.assert(fc.asyncProperty(flipped, send), { seed: 42, numRuns: 150 });
    await expectAlive();
  });
});

describe('the broker hangs up on', () => {
  test.each([
    ['a length above its limit', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
    ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['an API that does not exist', frame(header(999, 0))],
    ['a version that is not served', frame(header(apis.Produce.key, 99))],
    ['a frame too short for a header', frame(Buffer.alloc(3))],
    [
      'an array longer than its request',
      frame(Buffer.concat([header(3, 6), Buffer.from([0x7f, 0xff, 0xff, 0xff, 0])])),
    ],
    ['bytes after a request', frame(Buffer.concat([header(16, 2), Buffer.from([1, 2, 3])]))],
  ])('%s', async (_, bytes) => {
    const socket = await open();
    socket.resume();
    socket.write(bytes);
    await once(socket, 'close');
    await expectAlive();
  });
});

test('an announced length costs no memory', async () => {
  const announced = Buffer.alloc(4);
  announced.writeInt32BE(999_999);
  const before = process.memoryUsage().arrayBuffers;
  const sockets = await Promise.all(Array.from({ length: 200 }, open));
  for (const socket of sockets) socket.write(announced);
  await expectAlive();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
  for (const socket of sockets) socket.destroy();
});
