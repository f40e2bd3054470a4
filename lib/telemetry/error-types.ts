import { describeThrown } from '../engine/describe-thrown.js';

/** A program has only so many classes of errors; what has more than that has something else in their names. */
const most = 100;

/** What the conventions have for all that is not told apart. */
const other = '_OTHER';

/** Names of what was thrown, few of them. */
export class ErrorTypes {
  private readonly known = new Set<string>();

  /** The name of an error's class; of anything else, its type. */
  of(error: unknown): string {
    const { name } = describeThrown(error);
    if (this.known.size < most) this.known.add(name);
    return this.known.has(name) ? name : other;
  }
}
