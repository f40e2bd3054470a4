import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { AppModule, OrderRepository } from '../readme/app.module.js';
import { LogRecorder } from '../support/application.js';
import { eventually } from '../support/eventually.js';
import { brokers, createTopic, listTopics, produce } from '../support/kafka.js';

const root = new URL('../../', import.meta.url);

describe("the README's quick start", () => {
  let readme: string;
  let directory: string;
  const environment = process.env;
  beforeAll(async () => {
    readme = await readFile(new URL('README.md', root), 'utf8');
    directory = await mkdtemp(join(tmpdir(), 'quick-start-'));
  });
  afterAll(async () => {
    process.env = environment;
    await rm(directory, { recursive: true });
  });

  it('consumes with its file, on the brokers of the environment', async () => {
    const file = join(directory, 'config.yaml');
    await writeFile(file, /```yaml\n(kafka:[^`]+)```/.exec(readme)![1]!);
    process.env = { ...environment, KAFKA_CONFIG_FILE: file, KAFKA_BROKERS: brokers().join(',') };
    const existing = await listTopics();
    if (!existing.includes('orders.created')) await createTopic('orders.created', 2);
    await produce('orders.created', [JSON.stringify({ id: 'quick-start', amount: 1 })]);
    const logger = new LogRecorder();
    const app = await Test.createTestingModule({ imports: [AppModule] })
      .setLogger(logger)
      .compile();
    try {
      await app.init();
      await eventually(() => app.get(OrderRepository).orders.has('quick-start'));
      expect(logger.find('log', 'Mapped {orders.created} to OrderHandler.created')).toHaveLength(1);
      expect(logger.find('log', 'Group "order-service" joined; reading orders.created-0@')).toHaveLength(1);
    } finally {
      await app.close();
    }
  });
});
