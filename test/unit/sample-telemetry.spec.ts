import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { metrics } from '@opentelemetry/api';
import { freePorts } from '../../lib/testing/apache/free-ports.js';
import { startTelemetry, type Telemetry } from '../../sample/telemetry.js';

describe('the telemetry of the sample', () => {
  const before = { ...process.env };
  let telemetry: Telemetry | undefined;
  beforeEach(() => {
    delete process.env.SAMPLE_METRICS_PORT;
  });
  afterEach(async () => {
    process.env = { ...before };
    await telemetry?.stop();
    metrics.disable();
  });

  async function metricsAt(port: number): Promise<string> {
    metrics.getMeter('test').createCounter('orders').add(3);
    return (await fetch(`http://localhost:${port}/metrics`)).text();
  }

  it('serves metrics on the port that SAMPLE_METRICS_PORT names', async () => {
    const [port] = await freePorts(1);
    process.env.SAMPLE_METRICS_PORT = String(port);

    telemetry = await startTelemetry();

    expect(await metricsAt(port!)).toMatch(/^orders_total\{.*\} 3$/m);
  });

  it('serves metrics on a server of others', async () => {
    telemetry = await startTelemetry();
    const server = createServer(telemetry.serveMetrics).listen(0);
    await once(server, 'listening');
    try {
      expect(await metricsAt((server.address() as AddressInfo).port)).toMatch(/^orders_total\{.*\} 3$/m);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('refuses what is no port', async () => {
    process.env.SAMPLE_METRICS_PORT = 'many';

    await expect(startTelemetry()).rejects.toThrow(
      "SAMPLE_METRICS_PORT: expected a port to serve /metrics on, got 'many'",
    );
  });
});
