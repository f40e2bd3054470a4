import type { Attributes, Observable } from '@opentelemetry/api';

/** How often something has happened. */
export interface Count {
  value: number;
  readonly attributes: Attributes;
}

/**
 * A counter whose numbers are read when somebody collects them: an SDK's own takes as long for each increment as we take for
 * a fifth of a record.
 */
export class Tally {
  private readonly counts = new Map<string, Count>();
  private readonly updates = new Set<() => void>();

  constructor(counter: Observable) {
    counter.addCallback((result) => {
      for (const update of this.updates) update();
      for (const { value, attributes } of this.counts.values()) result.observe(value, attributes);
    });
  }

  /**
   * For what is counted elsewhere: is called whenever somebody collects.
   *
   * @returns what ends it, with a last call
   */
  add(update: () => void): () => void {
    this.updates.add(update);
    return () => {
      this.updates.delete(update);
      update();
    };
  }

  of(attributes: Attributes): Count {
    const name = JSON.stringify(attributes);
    const known = this.counts.get(name);
    if (known) return known;
    const count = { value: 0, attributes };
    this.counts.set(name, count);
    return count;
  }
}
