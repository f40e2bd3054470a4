import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { KafkaModule, MessageHandler } from '@things-kit/nestjs-kafka';
import { KafkaHealthModule } from '@things-kit/nestjs-kafka/health';
import { EmbeddedKafka } from '@things-kit/nestjs-kafka/testing';
import { GroupClient } from '../../../lib/engine/client/group-client.js';
import { PlainHealthController } from '../../readme/plain-health.controller.js';
import { HealthModule } from '../../readme/health.module.js';
import { LogRecorder, testOptions } from '../../support/application.js';
import { eventually } from '../../support/eventually.js';

/** On an embedded broker of its own, whatever the run's broker is: it fails on demand. */
describe('health over HTTP', () => {
  let kafka: EmbeddedKafka;
  let app: INestApplication;

  class Orders {
    @MessageHandler('orders')
    created(): void {}
  }

  beforeEach(async () => {
    kafka = await EmbeddedKafka.start({ topics: ['orders'] });
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await app.close();
    await kafka.stop();
  });

  async function serve(imports: Parameters<typeof Test.createTestingModule>[0]): Promise<void> {
    const kafkaModule = KafkaModule.forRoot(testOptions({ brokers: kafka.brokers, group: 'billing' }));
    const metadata = { ...imports, imports: [kafkaModule, ...(imports.imports ?? [])], providers: [Orders] };
    const testing = await Test.createTestingModule(metadata).setLogger(new LogRecorder()).compile();
    app = testing.createNestApplication();
    await app.listen(0, '127.0.0.1');
  }

  interface Answer {
    status: number;
    body: unknown;
  }

  async function get(path: string): Promise<Answer> {
    const response = await fetch(`${await app.getUrl()}/${path}`);
    return { status: response.status, body: await response.json() };
  }

  async function untilAnswer(path: string, expected: Answer): Promise<void> {
    await eventually(async () => expect(await get(path)).toEqual(expected));
  }

  it('is 200 or 503 by the HealthCheckService of Terminus', async () => {
    const fault = kafka.faults.fail('JoinGroup', { error: 'GROUP_AUTHORIZATION_FAILED', times: Infinity });
    await serve({ imports: [HealthModule] });
    const details = (status: string, reason: unknown) => ({
      kafka: expect.objectContaining({ status, reasons: reason === undefined ? [] : [reason] }),
    });

    const reason = expect.stringContaining('this client needs the permission Read on the group');
    const down = { status: 'error', info: {}, error: details('down', reason), details: details('down', reason) };
    await untilAnswer('health/startup', { status: 503, body: down });
    await untilAnswer('health/readiness', { status: 503, body: down });
    expect((await get('health/liveness')).status).toBe(200);

    fault.cancel();
    const up = { status: 'ok', info: details('up', undefined), error: {}, details: details('up', undefined) };
    await untilAnswer('health/startup', { status: 200, body: up });
    await untilAnswer('health/readiness', { status: 200, body: up });
    await untilAnswer('health/liveness', { status: 200, body: up });
  });

  it('is 200 or 503 without Terminus', async () => {
    const run = jest.spyOn(GroupClient.prototype, 'run');
    run.mockImplementation(() => Promise.reject(new Error('crashed')));
    const health = KafkaHealthModule.forRoot({ stallLimitMs: 500 });
    await serve({ imports: [health], controllers: [PlainHealthController] });

    const reasons = [expect.stringContaining('group "billing": crashed; outside of the group for')];
    await untilAnswer('plain-health/liveness', {
      status: 503,
      body: expect.objectContaining({ status: 'down', reasons }),
    });

    run.mockRestore();
    await untilAnswer('plain-health/liveness', {
      status: 200,
      body: expect.objectContaining({ status: 'up', reasons: [] }),
    });
  });
});
