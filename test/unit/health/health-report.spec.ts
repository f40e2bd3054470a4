import { describe, expect, it } from '@jest/globals';
import { fault, note } from '../../../lib/health/finding.js';
import { reportOf } from '../../../lib/health/health-report.js';
import { groupStatus } from './statuses.js';

describe('A health report', () => {
  it('is up without consumers, and says so', () => {
    expect(reportOf([], [note('nothing to consume')])).toEqual({
      status: 'up',
      reasons: ['nothing to consume'],
      groups: [],
    });
  });

  it('is down if one consumer is, and tells faults first, with the names of group and connection', () => {
    const report = reportOf(
      [
        { connection: 'default', status: groupStatus(), findings: [note('it is slow')] },
        {
          connection: 'analytics',
          status: groupStatus({ group: 'clicks', state: 'connecting' }),
          findings: [note('it is new'), fault('it is lost')],
        },
      ],
      [],
    );

    expect(report.status).toBe('down');
    expect(report.reasons).toEqual([
      'group "clicks" of connection "analytics": it is lost',
      'group "billing": it is slow',
      'group "clicks" of connection "analytics": it is new',
    ]);
    expect(report.groups).toMatchObject([
      { connection: 'default', group: 'billing', status: 'up', state: 'consuming', partitions: 1 },
      { connection: 'analytics', group: 'clicks', status: 'down', state: 'connecting' },
    ]);
    expect(JSON.parse(JSON.stringify(report))).toStrictEqual(report);
  });
});
