import { describe, expect, it } from '@jest/globals';
import { MembershipTimes } from '../../../../lib/engine/condition/membership-times.js';

describe('The times of a membership', () => {
  it('count from the start until it is joined, and from when it is lost', () => {
    const times = new MembershipTimes();
    expect([times.joinedSince, times.outsideMs(1_000)]).toEqual([null, 0]);

    times.started(1_000);
    times.note(false, 1_500);
    expect([times.joinedSince, times.outsideMs(3_000)]).toEqual([null, 2_000]);

    times.note(true, 4_000);
    const since = times.joinedSince!;
    expect(Date.now() - Date.parse(since)).toBeLessThan(1_000);
    expect(times.outsideMs(9_000)).toBe(0);

    times.note(true, 5_000);
    expect(times.joinedSince).toBe(since);

    times.note(false, 6_000);
    expect([times.joinedSince, times.outsideMs(7_000)]).toEqual([null, 1_000]);
  });

  it('end with the membership that the application ends', () => {
    const times = new MembershipTimes();
    times.started(0);
    times.note(true, 1);
    times.stopped();

    expect([times.joinedSince, times.outsideMs(1_000)]).toEqual([null, 0]);
  });
});
