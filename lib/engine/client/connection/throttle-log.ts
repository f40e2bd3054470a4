import type { EngineLogger } from '../../logger.js';
import type { BrokerAddress } from './broker-link.js';

const intervalMs = 60_000;

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

/** Makes a broker's quotas visible (KIP-219): kafkajs holds back requests as long as the broker asks, without a word. */
export class ThrottleLog {
  private readonly loggedAt = new Map<string, number>();

  /** The latest pause of each broker, and when it is over. */
  private readonly pauses = new Map<string, { ms: number; until: number }>();

  constructor(private readonly logger: EngineLogger) {}

  /** A broker has asked for a pause; told at most once a minute for each. */
  throttled({ host, port }: BrokerAddress, api: string, ms: number): void {
    const broker = `${host}:${port}`;
    this.pauses.set(broker, { ms, until: Date.now() + ms });
    if (Date.now() - (this.loggedAt.get(broker) ?? -Infinity) < intervalMs) return;
    this.loggedAt.set(broker, Date.now());
    this.logger.warn(`Broker ${broker} throttles this client by a quota: ${api} was answered with a pause of ${ms} ms`);
  }

  /** Those that are not over. */
  get inForce(): BrokerThrottle[] {
    const now = Date.now();
    const pauses = [...this.pauses].filter(([, { until }]) => until > now);
    return pauses.map(([broker, { ms }]) => ({ broker, ms }));
  }
}
