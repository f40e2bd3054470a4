import type { EngineLogger } from '../../logger.js';
import type { BrokerAddress } from './broker-link.js';

const intervalMs = 60_000;

/** Makes a broker's quotas visible (KIP-219): kafkajs holds back requests as long as the broker asks, without a word. */
export class ThrottleLog {
  private readonly loggedAt = new Map<string, number>();

  constructor(private readonly logger: EngineLogger) {}

  /** A broker has asked for a pause; told at most once a minute for each. */
  throttled({ host, port }: BrokerAddress, api: string, ms: number): void {
    const broker = `${host}:${port}`;
    if (Date.now() - (this.loggedAt.get(broker) ?? -Infinity) < intervalMs) return;
    this.loggedAt.set(broker, Date.now());
    this.logger.warn(`Broker ${broker} throttles this client by a quota: ${api} was answered with a pause of ${ms} ms`);
  }
}
