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

  /** Whether it stands still without a reason, and since when. */
  readonly isStalled: boolean;
  readonly since: number;

  /** Since when the position is the same. */
  readonly movedAt: number;
}

/** Takes a look into account. */
export function look(before: Standing | undefined, { position, isOwed, isPaused }: Reading, at: number): Standing {
  const moved = before?.position !== position;
  const isOwedNow = isOwed ?? (!moved && before.isOwed);
  const isStalled = isOwedNow && !isPaused;
  const since = isStalled && !moved && before.isStalled ? before.since : at;
  return { position, isOwed: isOwedNow, isStalled, since, movedAt: moved ? at : before.movedAt };
}
