/** What is seen of a partition at one time. */
export interface Reading {
  /** Where the group would go on. */
  readonly position: number;

  /** Whether there is something at the position to be done now; `undefined` when that is not known. */
  readonly isOwed: boolean | undefined;

  /** Whether the application wants it to stand still. */
  readonly isPaused: boolean;
}

/** Where a partition stands, and since when it should have gone on. */
export interface Standing {
  readonly position: number;

  /** What was owed at a position is owed until the position moves. */
  readonly isOwed: boolean;

  /** Since when it stands still without a reason; the time of the last look where it has one. */
  readonly since: number;

  /** Since when the position is the same. */
  readonly movedAt: number;
}

/** Takes a look into account. */
export function look(before: Standing | undefined, { position, isOwed, isPaused }: Reading, at: number): Standing {
  if (before?.position !== position) return { position, isOwed: isOwed ?? false, since: at, movedAt: at };
  const isOwedNow = isOwed ?? before.isOwed;
  const goesOn = before.isOwed && isOwedNow && !isPaused;
  return { position, isOwed: isOwedNow, since: goesOn ? before.since : at, movedAt: before.movedAt };
}
