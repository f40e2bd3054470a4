import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { type KafkaOptions, KafkaConsumerService, MessageHandler } from '@things-kit/nestjs-kafka';
import { KafkaHealthModule } from '@things-kit/nestjs-kafka/health';
import { EmbeddedKafka } from '@things-kit/nestjs-kafka/testing';
import { Broker } from '../../../lib/engine/client/connection/kafkajs-internals.js';
import { GroupClient } from '../../../lib/engine/client/group-client.js';
import { RecordFlow } from '../../../lib/engine/record-flow.js';
import { startApplication } from '../../support/application.js';
import { eventually } from '../../support/eventually.js';
import { untilHealth } from '../../support/health.js';

/** On an embedded broker of its own, whatever the run's broker is: it fails on demand. */
describe('the health of a consumer in trouble', () => {
  let kafka: EmbeddedKafka;
  let app: INestApplicationContext;
  class Orders {
    @MessageHandler('orders')
    created(): void {}
  }

  beforeEach(async () => {
    kafka = await EmbeddedKafka.start({ topics: ['orders'], autoCreateTopics: false });
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    kafka.faults.clear();
    await app.close();
    await kafka.stop();
  });

  async function start(
    options: Partial<KafkaOptions> = {},
    stallLimitMs = 1_500,
    handlers: Type = Orders,
  ): Promise<void> {
    const quick = { brokers: kafka.brokers, group: 'billing', requestTimeoutMs: 1_000, shutdownTimeoutMs: 2_000 };
    const health = KafkaHealthModule.forRoot({ stallLimitMs });
    app = await startApplication({ ...quick, ...options }, [handlers], undefined, [health]);
  }

  async function untilHealthy(): Promise<void> {
    await untilHealth(app, 'startup', 'up');
    await untilHealth(app, 'readiness', 'up');
    await untilHealth(app, 'liveness', 'up');
  }

  it('is down while no broker can be reached, and says which', async () => {
    await start();
    await untilHealthy();
    await kafka.stopBroker(1);

    const text = `No broker can be reached: ${kafka.brokers[0]}`;
    await untilHealth(app, 'readiness', 'down', text);
    const report = await untilHealth(app, 'liveness', 'down', text);
    expect(report.groups[0]!.restarts).toBeGreaterThan(0);

    await kafka.startBroker(1);
    await untilHealthy();
  });

  it('does not start up before a broker can be reached', async () => {
    await kafka.stopBroker(1);
    await start();

    await untilHealth(app, 'startup', 'down', 'No broker can be reached');

    await kafka.startBroker(1);
    await untilHealthy();
  });

  it('is down while the group cannot be joined, and says why', async () => {
    const fault = kafka.faults.fail('JoinGroup', { error: 'GROUP_COORDINATOR_NOT_AVAILABLE', times: Infinity });
    await start();

    await untilHealth(app, 'startup', 'down', 'group "billing": it joins the group, the last attempt failed:');
    await untilHealth(app, 'readiness', 'down', 'the coordinator answered while joining');
    await untilHealth(app, 'liveness', 'down', 'the coordinator answered while joining');

    fault.cancel();
    await untilHealthy();
  });

  it('is down while the group refuses the member, and says what to change', async () => {
    const fault = kafka.faults.fail('JoinGroup', { error: 'GROUP_AUTHORIZATION_FAILED', times: Infinity });
    await start();

    const text = 'this client needs the permission Read on the group';
    await untilHealth(app, 'readiness', 'down', text);
    await untilHealth(app, 'liveness', 'down', text);

    fault.cancel();
    await untilHealthy();
  });

  it('is not ready while none of its topics exists, and alive', async () => {
    kafka.deleteTopic('orders');
    await start();

    await untilHealth(app, 'readiness', 'down', 'none of its topics exists: orders');
    await untilHealth(app, 'liveness', 'up', 'none of its topics exists: orders');

    kafka.createTopic('orders');
    await untilHealthy();
  });

  it('is not ready while a position cannot be read, and says of what', async () => {
    const fault = kafka.faults.fail('OffsetFetch', { error: 'UNSTABLE_OFFSET_COMMIT', times: Infinity });
    await start();

    await untilHealth(app, 'readiness', 'down', 'no position to read from could be had yet of orders-0');

    fault.cancel();
    await untilHealthy();
  });

  it('is down while transactions fail over and over, also between their attempts, and says why', async () => {
    kafka.createTopic('validated');
    class Validation {
      @MessageHandler('orders', { transactional: true, publishTo: 'validated', group: 'validation' })
      validated(): string {
        return 'valid';
      }
    }
    await start({}, 1_500, Validation);
    await untilHealthy();
    const error = 'TOPIC_AUTHORIZATION_FAILED';
    const fault = kafka.faults.fail('Produce', { topic: 'validated', error, times: Infinity });
    kafka.produce('orders', [{ value: '1' }]);

    await untilHealth(app, 'readiness', 'down', 'commits of orders-0 fail for');
    await untilHealth(app, 'liveness', 'down', 'Not authorized to access topics');
    const status = () => app.get(KafkaConsumerService).status('validation')!;
    await eventually(() => status().state === 'positioning');
    expect(status().unplaced).toMatchObject([{ topic: 'orders', partition: 0, commitTrouble: {} }]);

    fault.cancel();
    await untilHealthy();
  });

  it('is down while its client crashes over and over, and says what of', async () => {
    const run = jest.spyOn(GroupClient.prototype, 'run');
    run.mockImplementation(() => Promise.reject(new Error('the fetch loop broke')));
    await start();

    await untilHealth(app, 'readiness', 'down', 'group "billing": the fetch loop broke');
    await untilHealth(app, 'liveness', 'down', 'the fetch loop broke; outside of the group for');

    run.mockRestore();
    await untilHealthy();
  });

  it('is down while it joins and crashes over and over', async () => {
    const admit = jest.spyOn(RecordFlow.prototype, 'admit');
    admit.mockImplementation(() => {
      throw new Error('a bug');
    });
    await start();
    await untilHealthy();
    kafka.produce('orders', [{ value: '1' }]);

    await untilHealth(app, 'liveness', 'down', 'a bug');
    expect(app.get(KafkaConsumerService).status()!.failures).toMatchObject({ error: 'a bug' });

    admit.mockRestore();
    await untilHealthy();
  });

  it('is down while the connections of kafkajs fail, and says so', async () => {
    const connect = jest.spyOn(Broker.prototype as { connect: () => Promise<void> }, 'connect');
    connect.mockImplementation(() => Promise.reject(new Error('the socket layer broke')));
    await start();

    await untilHealth(app, 'readiness', 'down', 'the socket layer broke');
    await untilHealth(app, 'liveness', 'down', 'the socket layer broke');

    connect.mockRestore();
    await untilHealthy();
  });

  it('is up while a broker throttles it, and says so', async () => {
    await start();
    await untilHealthy();
    const fault = kafka.faults.throttle('Fetch', { ms: 2_000, times: Infinity });

    const report = await untilHealth(app, 'liveness', 'up', `throttled by a quota of broker ${kafka.brokers[0]}`);
    await untilHealth(app, 'readiness', 'up', 'by a pause of 2000 ms');
    expect(report.groups[0]!.throttled).toEqual([{ broker: kafka.brokers[0], ms: 2_000 }]);

    fault.cancel();
    await untilHealthy();
  });

  it('is down while commits are not taken, and says why', async () => {
    await start();
    await untilHealthy();
    const fault = kafka.faults.fail('OffsetCommit', { error: 'NOT_COORDINATOR_FOR_GROUP', times: Infinity });
    kafka.produce('orders', [{ value: '1' }]);

    await untilHealth(app, 'liveness', 'up', 'commits up to orders-0@1 fail for');
    await untilHealth(app, 'liveness', 'down', 'commits up to orders-0@1 fail for');

    fault.cancel();
    await untilHealthy();
  });

  it('is down while heartbeats go on and nothing is fetched of what is there; its connections are made anew', async () => {
    await start({ rebalanceTimeoutMs: 1_000 });
    await untilHealthy();
    const fault = kafka.faults.delay('Fetch', 60_000, { times: Infinity, when: 'before' });
    await kafka.until(() => fault.hits > 0);
    kafka.produce('orders', [{ value: '1' }]);

    await untilHealth(app, 'liveness', 'down', 'there are records from orders-0@0 on, and none is fetched, for');
    const status = () => app.get(KafkaConsumerService).status()!;
    expect(status().heartbeatMs).toBeLessThan(3_000);
    await eventually(() => status().restarts > 0, { timeoutMs: 40_000, message: 'the client is replaced' });
    expect(status().failures!.error).toContain('orders-0 has records from 0 on, and no fetch of it was answered');

    fault.cancel();
    await untilHealthy();
  });
});
