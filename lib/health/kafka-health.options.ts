import { MessagingError } from '../messaging/errors.js';

/**
 * What counts as healthy.
 *
 * @publicApi
 */
export interface KafkaHealthOptions {
  /**
   * Milliseconds for which a consumer may stand still before it counts as dead: a partition whose record is not completed or
   * whose records are not fetched, commits that fail, a group that is not joined. To be longer than the longest that a handler
   * may take.
   *
   * @default 300000
   */
  stallLimitMs?: number;
}

export const KAFKA_HEALTH_OPTIONS = Symbol('KAFKA_HEALTH_OPTIONS');

const defaultStallLimitMs = 5 * 60_000;

/** @throws MessagingError when the limit is no time */
export function withDefaults({ stallLimitMs = defaultStallLimitMs }: KafkaHealthOptions): Required<KafkaHealthOptions> {
  if (stallLimitMs > 0) return { stallLimitMs };
  throw new MessagingError(
    `KafkaHealthModule: expected stallLimitMs to be a number of ms above 0, got ${String(stallLimitMs)}`,
  );
}
