import type { INestApplicationContext } from '@nestjs/common';
import { KafkaHealth, type KafkaHealthReport } from '@things-kit/nestjs-kafka/health';
import { eventually } from './eventually.js';

export type Check = 'startup' | 'readiness' | 'liveness';

/** Waits until a check has that status, and a reason that contains the text; without a text, until it has no reasons. */
export async function untilHealth(
  app: INestApplicationContext,
  check: Check,
  status: KafkaHealthReport['status'],
  reason?: string,
): Promise<KafkaHealthReport> {
  const health = app.get(KafkaHealth);
  let report = health[check]();
  const isSo = () => {
    report = health[check]();
    if (report.status !== status) return false;
    return reason === undefined ? report.reasons.length === 0 : report.reasons.some((text) => text.includes(reason));
  };
  const message = () => `expected ${check} ${status} for ${reason ?? 'no reason'}, got ${JSON.stringify(report)}`;
  await eventually(isSo, { timeoutMs: 40_000, message });
  return report;
}
