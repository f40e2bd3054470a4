/**
 * A quota that a broker enforces now.
 *
 * @publicApi
 */
export interface BrokerThrottle {
  /** `host:port` */
  broker: string;

  /** Milliseconds of the pause that it has asked for and that is not over. */
  ms: number;
}

/** The pauses that brokers ask for by their quotas (KIP-219). */
export class Throttles {
  /** The latest of each broker, and when it is over. */
  private readonly pauses = new Map<string, { ms: number; until: number }>();

  /** @param broker `host:port` */
  note(broker: string, ms: number): void {
    this.pauses.set(broker, { ms, until: performance.now() + ms });
  }

  /** Those that are not over. */
  get inForce(): BrokerThrottle[] {
    const now = performance.now();
    const pauses = [...this.pauses].filter(([, { until }]) => until > now);
    return pauses.map(([broker, { ms }]) => ({ broker, ms }));
  }
}
