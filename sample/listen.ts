import { Logger, type INestApplication } from '@nestjs/common';

const DEFAULT_PORT = 3000;

/**
 * Serves HTTP on SAMPLE_PORT: 0 for any free port. Where it is not set on 3000, or on any free port if that is taken: the
 * sample is not to fail for that.
 */
export async function listen(app: INestApplication): Promise<void> {
  const port = portNumber(process.env.SAMPLE_PORT);
  try {
    await app.listen(port ?? DEFAULT_PORT);
  } catch (error) {
    if (port !== undefined || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    await app.listen(0);
  }
  const { port: actual } = new URL(await app.getUrl());
  const url = `http://localhost:${actual}`;
  new Logger('Http').log(`Health is at ${url}/health/readiness, …/liveness and …/startup, metrics at ${url}/metrics`);
}

function portNumber(text = ''): number | undefined {
  if (text === '') return undefined;
  if (/^\d+$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Error(`SAMPLE_PORT: expected a port, a whole number from 0 to 65535, got '${text}'`);
}
