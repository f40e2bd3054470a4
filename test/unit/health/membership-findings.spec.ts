import { describe, expect, it } from '@jest/globals';
import type { ConsumerState } from '../../../lib/engine/condition/consumer-state.js';
import type { Finding } from '../../../lib/health/finding.js';
import { connectionFindings, readinessFindings, startupFindings } from '../../../lib/health/membership-findings.js';
import { groupStatus } from './statuses.js';

const limitMs = 300_000;
const now = new Date('2026-01-01T01:00:00.000Z');
const verdict = (findings: readonly Finding[]) => (findings.some(({ isFault }) => isFault) ? 'down' : 'up');
const texts = (findings: readonly Finding[]) => findings.map(({ text }) => text);

describe('A consumer', () => {
  it.each<[state: ConsumerState, startup: string, readiness: string, liveness: string, livenessPastTheLimit: string]>([
    ['not-started', 'down', 'down', 'up', 'up'],
    ['switched-off', 'up', 'up', 'up', 'up'],
    ['connecting', 'down', 'down', 'up', 'down'],
    ['no-topics', 'down', 'down', 'up', 'up'],
    ['joining', 'down', 'down', 'up', 'down'],
    ['rebalancing', 'up', 'up', 'up', 'down'],
    ['positioning', 'down', 'down', 'up', 'down'],
    ['consuming', 'up', 'up', 'up', 'up'],
    ['unassigned', 'up', 'up', 'up', 'up'],
    ['stopping', 'up', 'down', 'up', 'up'],
    ['stopped', 'up', 'up', 'up', 'up'],
    ['fenced', 'down', 'down', 'up', 'up'],
    ['halted', 'down', 'down', 'up', 'up'],
  ])('that is %s: startup %s, readiness %s, liveness %s, in the end %s', (state, startup, readiness, first, last) => {
    const status = (outsideMs: number) => groupStatus({ state, reason: 'so it is', outsideMs });

    expect(verdict(startupFindings(status(0)))).toBe(startup);
    expect(verdict(readinessFindings(status(0), limitMs))).toBe(readiness);
    expect(verdict(connectionFindings(status(0), limitMs, now))).toBe(first);
    expect(verdict(connectionFindings(status(limitMs + 1), limitMs, now))).toBe(last);
    for (const findings of [startupFindings(status(0)), readinessFindings(status(0), limitMs)])
      expect(texts(findings)).toEqual(['so it is']);
  });

  it('that rebalances for longer than the limit is not ready', () => {
    const status = groupStatus({ state: 'rebalancing', reason: 'the group is rebalancing', outsideMs: limitMs + 1 });

    expect(verdict(readinessFindings(status, limitMs))).toBe('down');
  });

  it('that cannot get into its group says why, and for how long', () => {
    const status = groupStatus({ state: 'connecting', reason: 'No broker', outsideMs: 312_000, restarts: 12 });

    expect(texts(connectionFindings(status, limitMs, now))).toEqual([
      'No broker; outside of the group for 312 s, connections made anew 12 times',
    ]);
  });

  it.each([
    ['within the limit', 299_000, null, 'up'],
    ['past the limit', 301_000, null, 'down'],
    ['past the limit, and has just joined', 301_000, '2026-01-01T00:59:50.000Z', 'down'],
    ['past the limit, and has joined for a while', 301_000, '2026-01-01T00:58:00.000Z', 'up'],
  ])('whose connections end again and again: %s', (_, forMs, joinedSince, expected) => {
    const failures = { count: 7, forMs, error: 'partition orders-0 broke down' };
    const findings = connectionFindings(groupStatus({ failures, joinedSince }), limitMs, now);

    expect(verdict(findings)).toBe(expected);
    if (expected === 'down') {
      expect(texts(findings)).toEqual([
        'its connections were made anew 7 times within 301 s, the last time for: partition orders-0 broke down',
      ]);
    }
  });

  it('that hears of no broker, and is not replaced by its watchdog, is dead', () => {
    expect(connectionFindings(groupStatus({ silentMs: 301_000 }), limitMs, now)).toEqual([
      { isFault: true, text: 'no broker was heard of for 301 s' },
    ]);
  });
});
