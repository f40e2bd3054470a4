/** Something about a consumer that somebody who asks for its health should know. */
export interface Finding {
  /** Whether it makes the consumer unhealthy. */
  readonly isFault: boolean;

  /** In words, beginning with a lower-case letter: what follows on the name of a group. */
  readonly text: string;
}

export function fault(text: string): Finding {
  return { isFault: true, text };
}

export function note(text: string): Finding {
  return { isFault: false, text };
}

/** `3.2 s`, `312 s` */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

const mostNames = 5;

/** `a, b` or `a, b, c, d, e and 7 more` */
export function list(names: readonly string[]): string {
  const more = names.length - mostNames;
  const shown = names.toSorted().slice(0, mostNames).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}
