/** A handler has begun or ended with a record, as the worker that runs it has noted down before it went on. */
export interface HandlingEvent {
  kind: 'begin' | 'end';
  worker: string;
  partition: number;
  offset: number;
  key: string;

  /** Of an end: its partition had to be given up before, or its worker had to stop. */
  aborted?: boolean;

  /** When the record was written, in ms since 1970. */
  writtenAt: number;

  /** In ms since 1970, with fractions: the same clock in all processes. */
  at: number;
}

/** A worker that was ended or suspended from outside: what it had not committed by then may be handled again. */
export interface Interruption {
  worker: string;
  at: number;
}

/** What came of a scenario. */
export interface Account {
  records: number;

  /** Never handled to the end. */
  lost: string[];

  /** Handled again, though they had been handled to the end and no interruption explains it. */
  duplicated: string[];

  /** Handled again because of an interruption, or because the handler took longer than a rebalance waits for it. */
  repeated: number;

  /** Begun before a lower record of the same key had been handled to the end. */
  outOfOrder: string[];

  /** The longest time in which a partition had records and none of them was begun or ended, in ms. */
  longestStallMs: number;
}

/** How long after its end a record may be uncommitted yet when its worker is interrupted. */
const uncommittedMs = 3_000;

/** How long a worker may go on after its interruption is noted: the signal is sent after that. */
const signalMs = 100;

interface Handling {
  begin: HandlingEvent;
  end?: HandlingEvent;
}

/**
 * Compares what workers have noted down with what there was to handle.
 *
 * @param ends the number of records of each partition, all of them offsets from 0 on
 */
export function accountFor(
  ends: readonly number[],
  events: readonly HandlingEvent[],
  interruptions: readonly Interruption[],
): Account {
  const inTime = events.toSorted((a, b) => a.at - b.at);
  const handlings = pair(inTime);
  const places = ends.flatMap((end, partition) =>
    Array.from({ length: end }, (_, offset) => place({ partition, offset })),
  );
  const completed = new Set(inTime.filter(({ kind }) => kind === 'end').map(place));
  const again = handlings.flatMap((all, name) => all.slice(1).map((_, at) => ({ name, before: all[at]! })));
  const unexplained = again.filter(({ before }) => !isExplained(before, interruptions));
  return {
    records: places.length,
    lost: places.filter((name) => !completed.has(name)),
    duplicated: unexplained.map(({ name }) => name),
    repeated: again.length - unexplained.length,
    outOfOrder: outOfOrder(inTime),
    longestStallMs: longestStall(inTime),
  };
}

/** The handlings of each record, in the order in which they began. */
function pair(events: readonly HandlingEvent[]): ReadonlyHandlings {
  const handlings = new Map<string, Handling[]>();
  for (const event of events) {
    const name = place(event);
    const all = handlings.get(name) ?? [];
    handlings.set(name, all);
    if (event.kind === 'begin') all.push({ begin: event });
    else all.findLast(({ begin, end }) => begin.worker === event.worker && !end)!.end = event;
  }
  return { flatMap: (map) => [...handlings].flatMap(([name, all]) => map(all, name)) };
}

interface ReadonlyHandlings {
  flatMap<T>(map: (handlings: readonly Handling[], name: string) => T[]): T[];
}

/** What was not handled to the end is to be handled again; what was, only if its worker could not commit it any more. */
function isExplained({ begin, end }: Handling, interruptions: readonly Interruption[]): boolean {
  const endedAt = end?.at ?? Infinity;
  if (end?.aborted) return true;
  return interruptions.some(
    ({ worker, at }) => worker === begin.worker && at >= begin.at - signalMs && endedAt >= at - uncommittedMs,
  );
}

/** The first begin of each record comes after an end of all lower ones of its key. */
function outOfOrder(events: readonly HandlingEvent[]): string[] {
  const keys = new Map<string, number[]>();
  for (const { key, partition, offset } of events) {
    const lane = `${partition} ${key}`;
    keys.set(lane, [...(keys.get(lane) ?? []), offset]);
  }
  const before = new Map<string, string>();
  for (const [lane, offsets] of keys) {
    const partition = Number(lane.split(' ')[0]);
    const rising = [...new Set(offsets)].toSorted((a, b) => a - b);
    rising
      .slice(1)
      .forEach((offset, at) => before.set(place({ partition, offset }), place({ partition, offset: rising[at]! })));
  }
  const [begun, ended, offenders] = [new Set<string>(), new Set<string>(), [] as string[]];
  for (const event of events) {
    const name = place(event);
    const lower = before.get(name);
    if (event.kind === 'end') ended.add(name);
    else if (!begun.has(name) && lower !== undefined && !ended.has(lower)) offenders.push(`${name} before ${lower}`);
    begun.add(name);
  }
  return offenders;
}

function longestStall(events: readonly HandlingEvent[]): number {
  const partitions = new Map<number, HandlingEvent[]>();
  for (const event of events) partitions.set(event.partition, [...(partitions.get(event.partition) ?? []), event]);
  return Math.max(0, ...[...partitions.values()].map(stallOf));
}

/** A time without a sign counts from when a record was there that had not begun yet. */
function stallOf(events: readonly HandlingEvent[]): number {
  const waiting = new Map<number, number>();
  for (const { offset, writtenAt } of events) waiting.set(offset, writtenAt);
  let longest = 0;
  let lastSign = 0;
  for (const { kind, offset, at } of events) {
    const oldest = Math.min(...waiting.values());
    if (oldest < at) longest = Math.max(longest, at - Math.max(lastSign, oldest));
    if (kind === 'begin') waiting.delete(offset);
    lastSign = at;
  }
  return longest;
}

function place({ partition, offset }: { partition: number; offset: number }): string {
  return `${partition}@${offset}`;
}
