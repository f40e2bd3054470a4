/** A broker of the cluster as clients see it. */
export interface Node {
  /** 1 for the first broker. */
  readonly id: number;
  readonly host: string;

  /** Set when its listener has found a free port. */
  port: number;

  /** Whether it takes connections and may lead partitions. */
  up: boolean;
}
