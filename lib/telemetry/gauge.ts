import type { Attributes, Observable, ObservableResult } from '@opentelemetry/api';

/** A number as it is now. */
export interface Reading {
  readonly attributes: Attributes;

  /** `undefined` where it is not known now: the one before stands. */
  readonly value: number | undefined;
}

export type Source = () => Reading[] | Promise<Reading[]>;

/**
 * Numbers of whatever there is when somebody collects them. Of what was told before and is no more, such as a partition that
 * another process has now, 0 is told: an SDK would go on telling the last number.
 */
export class Gauge {
  private readonly sources = new Set<Source>();
  private readonly known = new Map<string, Attributes>();

  constructor(gauge: Observable) {
    gauge.addCallback((result) => this.tell(result));
  }

  /** @returns what ends it */
  add(source: Source): () => void {
    this.sources.add(source);
    return () => void this.sources.delete(source);
  }

  private async tell(result: ObservableResult): Promise<void> {
    const readings = (await Promise.all([...this.sources].map(async (source) => source()))).flat();
    const gone = new Map(this.known);
    for (const { attributes, value } of readings) {
      const name = JSON.stringify(attributes);
      gone.delete(name);
      if (value === undefined) continue;
      this.known.set(name, attributes);
      result.observe(value, attributes);
    }
    for (const attributes of gone.values()) result.observe(0, attributes);
  }
}
