import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { startBroker } from './broker.js';
import { listen } from './listen.js';
import { OrderStream } from './order.stream.js';
import { startTelemetry } from './telemetry.js';
import { createTopics } from './topics.js';

/** Runs until Ctrl-C, or until as many orders as SAMPLE_ORDERS says are paid and shipped. */
async function main(): Promise<void> {
  const orders = orderLimit(process.env.SAMPLE_ORDERS);
  const broker = await startBroker();
  try {
    await createTopics(broker.brokers);
    await serve(broker.brokers, orders);
  } finally {
    await broker.stop();
  }
}

/** On a signal Nest closes the application, then ends this process, and a broker of our own ends with it. */
async function serve(brokers: string[], orders: number): Promise<void> {
  process.env.KAFKA_BROKERS = brokers.join(',');
  process.env.KAFKA_CONFIG_FILE ??= fileURLToPath(new URL('../../sample/config.yaml', import.meta.url));
  const telemetry = startTelemetry();
  const app = await NestFactory.create(AppModule, {
    abortOnError: false, // or a failed start would leave no time to stop the broker
    logger: ['error', 'warn', 'log'],
  });
  app.enableShutdownHooks([], { useProcessExit: true });
  app.use('/metrics', telemetry.serveMetrics);
  try {
    await listen(app);
    await app.get(OrderStream).run(orders);
  } finally {
    await app.close();
    await telemetry.stop();
  }
}

function orderLimit(text = ''): number {
  if (text === '') return Infinity;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`SAMPLE_ORDERS: expected how many orders to publish, a whole number from 1, got '${text}'`);
}

main().catch((error: Error) => {
  new Logger('Sample').error(error.message, error.stack);
  process.exitCode = 1;
});
