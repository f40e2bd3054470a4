import type { PublishedRecord } from '../../messaging/producer.js';
import { RecordTooLargeError } from '../client/record-publisher.js';
import { backoffDelay, type Backoff } from './backoff.js';
import type { DeliveryContext } from './delivery-context.js';
import { reportHeld } from './failure-report.js';
import type { Publication } from './publication.js';

/** How long a record waits whose publication failed. */
const backoff: Backoff = { initialDelayMs: 500, multiplier: 2, maxDelayMs: 30_000, jitter: 'full' };

/**
 * Stores a record in a retry topic or a dead-letter topic, made smaller until it is taken.
 *
 * @param aborted fires when the partition is lost: what was not stored then is nobody's here any more
 * @returns where it is stored, or what is to become of it where it is
 */
export async function storeElsewhere(
  publication: Publication,
  context: DeliveryContext,
  aborted: AbortSignal,
): Promise<PublishedRecord | 'abandoned' | { retryInMs: number }> {
  try {
    return await context.publish(publication.outgoing);
  } catch (error) {
    if (error instanceof RecordTooLargeError && publication.shrink())
      return storeElsewhere(publication, context, aborted);
    if (aborted.aborted) return 'abandoned';
    const retryInMs = backoffDelay(++publication.failures, backoff);
    reportHeld(context, publication, retryInMs, error);
    return { retryInMs };
  }
}
