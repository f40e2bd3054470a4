import type { RepeatedLog } from '../repeated-log.js';
import type { BrokerAddress } from './broker-link.js';

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

/** Makes brokers' quotas visible (KIP-219): kafkajs holds back requests as long as the broker asks, without a word. */
export class Throttles {
  /** The latest pause of each broker, and when it is over. */
  private readonly pauses = new Map<string, { ms: number; until: number }>();

  constructor(private readonly logger: RepeatedLog) {}

  /** A broker has asked for a pause. */
  add({ host, port }: BrokerAddress, api: string, ms: number): void {
    const broker = `${host}:${port}`;
    this.pauses.set(broker, { ms, until: Date.now() + ms });
    this.logger.warn(
      `Broker ${broker} throttles this client by a quota: ${api} was answered with a pause of ${ms} ms`,
      { event: 'throttled', broker, api, delayMs: ms },
      `throttled ${broker}`,
    );
  }

  /** Those that are not over. */
  get inForce(): BrokerThrottle[] {
    const now = Date.now();
    const pauses = [...this.pauses].filter(([, { until }]) => until > now);
    return pauses.map(([broker, { ms }]) => ({ broker, ms }));
  }
}
