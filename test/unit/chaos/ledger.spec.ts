import { describe, expect, it } from '@jest/globals';
import { accountFor, type HandlingEvent, type Interruption } from '../../chaos/ledger.js';

/** `a:begin 0@5 k` is what worker `a` notes; each a hundred milliseconds after the one before. */
function events(...notes: string[]): HandlingEvent[] {
  return notes.map((note, at) => {
    const [, worker = '', kind = '', partition, offset, key = 'k', aborted] =
      /^(\w+):(begin|end) (\d+)@(\d+)(?: (\w+))?( aborted)?$/.exec(note) ?? [];
    return {
      kind: kind as HandlingEvent['kind'],
      worker,
      partition: Number(partition),
      offset: Number(offset),
      key,
      aborted: aborted !== undefined,
      writtenAt: 0,
      at: at * 100,
    };
  });
}

const account = (ends: number[], notes: string[], interruptions: Interruption[] = []) =>
  accountFor(ends, events(...notes), interruptions);

describe('The account of a scenario', () => {
  it('finds nothing where all is handled once and in order', () => {
    const found = account([2, 1], ['a:begin 0@0', 'b:begin 1@0', 'a:end 0@0', 'a:begin 0@1', 'b:end 1@0', 'a:end 0@1']);

    expect(found).toMatchObject({ records: 3, lost: [], duplicated: [], repeated: 0, outOfOrder: [] });
  });

  it.each([
    ['never begun', ['a:begin 0@0', 'a:end 0@0']],
    ['begun only', ['a:begin 0@0', 'a:end 0@0', 'a:begin 0@1']],
  ])('finds a lost record: %s', (_, notes) => {
    expect(account([2], notes).lost).toEqual(['0@1']);
  });

  const twice = ['a:begin 0@0', 'a:end 0@0', 'b:begin 0@0', 'b:end 0@0'];

  it('finds a record that was handled again for no reason', () => {
    expect(account([1], twice)).toMatchObject({ duplicated: ['0@0'], repeated: 0 });
  });

  it.each<[string, number, boolean]>([
    ['soon after it had ended', 150, true],
    ['while it was at work', 50, true],
    ['long after', 5_000, false],
  ])('takes a worker’s death %s for a reason, or not', (_, at, isReason) => {
    const { duplicated, repeated } = account([1], twice, [{ worker: 'a', at }]);

    expect({ duplicated: duplicated.length, repeated }).toEqual(
      isReason ? { duplicated: 0, repeated: 1 } : { duplicated: 1, repeated: 0 },
    );
  });

  it('takes a death that was noted just before the record was begun for a reason', () => {
    const late = twice.map((note) => note.replace('0@0', '0@1'));
    const found = account([2], ['b:begin 0@0', 'b:end 0@0', ...late], [{ worker: 'a', at: 199 }]);

    expect(found).toMatchObject({ duplicated: [], repeated: 1 });
  });

  it('does not take the death of another worker for a reason', () => {
    expect(account([1], twice, [{ worker: 'b', at: 150 }]).duplicated).toEqual(['0@0']);
  });

  it('takes an aborted handler for a reason', () => {
    const notes = ['a:begin 0@0', 'b:begin 0@0', 'a:end 0@0 k aborted', 'b:end 0@0'];

    expect(account([1], notes)).toMatchObject({ duplicated: [], repeated: 1 });
  });

  it('finds a record that began before a lower one of its key had ended', () => {
    const notes = ['a:begin 0@0', 'a:begin 0@1', 'a:end 0@0', 'a:end 0@1'];

    expect(account([2], notes).outOfOrder).toEqual(['0@1 before 0@0']);
  });

  it.each([
    ['of different keys', ['a:begin 0@0 x', 'a:begin 0@1 y', 'a:end 0@0 x', 'a:end 0@1 y']],
    ['that is handled again', ['a:begin 0@0', 'a:end 0@0', 'a:begin 0@1', 'a:begin 0@0', 'a:end 0@0', 'a:end 0@1']],
  ])('does not mind the order of records %s', (_, notes) => {
    expect(account([2], notes).outOfOrder).toEqual([]);
  });

  it('tells the longest time in which a partition with records showed no sign', () => {
    const begin = events('a:begin 0@0', 'a:end 0@0');
    const late = events('b:begin 0@1', 'b:end 0@1').map((event) => ({
      ...event,
      at: event.at + 9_000,
      writtenAt: 4_000,
    }));

    expect(accountFor([2], [...begin, ...late], []).longestStallMs).toBe(5_000);
  });
});
