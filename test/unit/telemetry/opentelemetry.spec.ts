import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from '@jest/globals';
import * as api from '@opentelemetry/api';
import { loadOpenTelemetry, meterOf } from '../../../lib/telemetry/opentelemetry.js';
import { CollectedMetrics } from '../../support/telemetry.js';

describe('OpenTelemetry', () => {
  afterEach(() => api.metrics.disable());

  it.each(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])(
    'is done without where it is not installed (%s)',
    async (code) => {
      const load = () => Promise.reject(Object.assign(new Error("Cannot find package '@opentelemetry/api'"), { code }));

      expect(await loadOpenTelemetry(load)).toBeUndefined();
    },
  );

  it('is not done without where it is broken', async () => {
    const load = () => Promise.reject(new SyntaxError('Unexpected token'));

    await expect(loadOpenTelemetry(load)).rejects.toThrow(SyntaxError);
  });

  it('is the same, however it is loaded', async () => {
    const required: unknown = createRequire(import.meta.url)('@opentelemetry/api');
    const ways = [undefined, () => Promise.resolve({ default: api }), () => Promise.resolve(required)];

    for (const way of ways) {
      const loaded = (await loadOpenTelemetry(way))!;
      expect(loaded.SpanKind.CONSUMER).toBe(api.SpanKind.CONSUMER);
      expect(loaded.createNoopMeter).toBeInstanceOf(Function);
    }
  });

  it('has no meter while no SDK is set', () => {
    expect(meterOf(api)).toBeUndefined();

    CollectedMetrics.start();

    expect(meterOf(api)).toBeDefined();
  });
});
