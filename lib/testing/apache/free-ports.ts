import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { TestBrokerError } from '../test-broker.error.js';

/**
 * Below the range that Linux (32768), macOS and Windows (49152) hand out to outgoing connections: a client that keeps
 * connecting to a stopped broker would otherwise sooner or later be given the broker's own port, and keep it.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_767;
const MAX_TRIES = 200;

/** Ports of 127.0.0.1 that were free a moment ago. They are not reserved: who binds them must be ready to try others. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = new Map<number, Server>();
  try {
    for (let tries = 0; servers.size < count; tries++) {
      if (tries === MAX_TRIES) {
        throw new TestBrokerError(`No ${count} free ports between ${LOWEST_PORT} and ${HIGHEST_PORT} on 127.0.0.1`);
      }
      const port = randomInt(LOWEST_PORT, HIGHEST_PORT + 1);
      const server = await listen(port);
      if (server) servers.set(port, server);
    }
    return [...servers.keys()];
  } finally {
    await Promise.all([...servers.values()].map(close));
  }
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
