import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import * as internals from '../../../../../lib/engine/client/connection/kafkajs-internals.js';
import type { ApiName, ConnectionPool } from '../../../../../lib/engine/client/connection/kafkajs-internals.js';

/** We stand on parts of kafkajs that are not public. If these fail, the client has to be adapted before anything else. */
describe('kafkajs', () => {
  it('is pinned to its last release, and that is installed', () => {
    expect(json('package.json').dependencies).toMatchObject({ kafkajs: '2.2.4' });
    expect(json('node_modules/kafkajs/package.json').version).toBe('2.2.4');
  });

  it('has no map of exports, which would close the way to its inner modules', () => {
    expect(json('node_modules/kafkajs/package.json').exports).toBeUndefined();
  });

  it.each<[ApiName, number]>([
    ['Produce', 0],
    ['Fetch', 1],
    ['ListOffsets', 2],
    ['Metadata', 3],
    ['OffsetCommit', 8],
    ['OffsetFetch', 9],
    ['GroupCoordinator', 10],
    ['JoinGroup', 11],
    ['Heartbeat', 12],
    ['LeaveGroup', 13],
    ['SyncGroup', 14],
    ['InitProducerId', 22],
  ])("has the request %s under Kafka's key %d", (api, key) => {
    expect(internals.apiKeys[api]).toBe(key);
    expect(internals.requests[api]).toMatchObject({ versions: expect.any(Array), protocol: expect.any(Function) });
  });

  it('speaks the version of Fetch whose answers we decode, and none above', () => {
    const { versions } = internals.requests.Fetch as { versions: (number | string)[] };

    expect(Math.max(...versions.map(Number))).toBe(11);
  });

  it('speaks the version of Produce that we encode', () => {
    const { versions } = internals.requests.Produce as { versions: (number | string)[] };

    expect(Math.max(...versions.map(Number))).toBe(7);
  });

  it('makes errors of codes', () => {
    expect(internals.createErrorFromCode(25)).toMatchObject({ type: 'UNKNOWN_MEMBER_ID', code: 25, retriable: false });
  });

  it('has a codec for gzip, none for what is not compressed, and throws for one that is not registered', async () => {
    expect(internals.lookupCodec(1)).toMatchObject({ decompress: expect.any(Function) });
    expect(() => internals.lookupCodec(2)).toThrow('Snappy');
  });

  it('makes loggers with namespaces', () => {
    const lines: unknown[] = [];
    const logger = internals.createKafkajsLogger({
      level: internals.logLevel.WARN,
      logCreator: () => (line: unknown) => lines.push(line),
    }) as { namespace(name: string): { warn(message: string): void; info(message: string): void } };

    logger.namespace('Broker').info('not at this level');
    logger.namespace('Broker').warn('careful');

    expect(lines).toEqual([
      expect.objectContaining({ namespace: 'Broker', log: expect.objectContaining({ message: 'careful' }) }),
    ]);
  });

  describe('its connections', () => {
    let server: Server | undefined;
    let pool: ConnectionPool | undefined;

    afterEach(() => {
      pool?.pool.forEach(({ requestQueue }) => requestQueue.rejectAll(new Error('the test is over')));
      server?.close();
    });

    it('come in pools with a queue of requests for each socket', async () => {
      pool = await connectionPool('127.0.0.1', 9);

      expect(pool).toMatchObject({ host: '127.0.0.1', port: 9, send: expect.any(Function) });
      expect(pool.pool).toHaveLength(2);
      for (const { requestQueue } of pool.pool) expect(requestQueue.rejectAll).toBeInstanceOf(Function);
    });

    it('let a broker connect, and be asked by the version of a request', async () => {
      pool = await connectionPool('127.0.0.1', 9);
      const broker = brokerOn(pool);

      expect(broker.isConnected()).toBe(false);
      expect(broker.connectionPool).toBe(pool);
      for (const method of ['connect', 'disconnect', 'lookupRequest'] as const) {
        expect(broker[method]).toBeInstanceOf(Function);
      }
    });

    it('fail what is under way when the queue is told to', async () => {
      const connected = new Promise<void>((resolve) => {
        server = createServer((socket) => {
          socket.on('error', () => undefined);
          socket.once('data', () => resolve());
        }).listen(0, '127.0.0.1');
      });
      await new Promise((resolve) => server!.once('listening', resolve));
      pool = await connectionPool('127.0.0.1', (server!.address() as AddressInfo).port);
      const broker = brokerOn(pool);
      const failed = broker.connect().then(
        () => undefined,
        (error: Error) => error,
      );
      await connected;

      for (const { requestQueue } of pool.pool) requestQueue.rejectAll(new Error('closed by this client'));
      await broker.disconnect();

      expect((await failed)?.message).toBe('closed by this client');
    });
  });
});

const silent = internals.createKafkajsLogger({ level: internals.logLevel.NOTHING, logCreator: () => () => undefined });

function connectionPool(host: string, port: number): Promise<ConnectionPool> {
  const builder = internals.connectionPoolBuilder({
    logger: silent,
    socketFactory: internals.socketFactory(),
    brokers: [`${host}:${port}`],
    clientId: 'test',
    connectionTimeout: 1000,
    requestTimeout: 1000,
  });
  return builder.build({ host, port });
}

function brokerOn(connectionPool: ConnectionPool): internals.Broker {
  return new internals.Broker({ connectionPool, logger: silent, authenticationTimeout: 1000 });
}

function json(path: string): Record<string, unknown> {
  const url = new URL(`../../../../../${path}`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as Record<string, unknown>;
}
