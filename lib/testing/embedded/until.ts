import { until as poll } from '../until.js';
import { EmbeddedKafkaError } from './embedded-kafka.error.js';

/**
 * How long to wait for a condition.
 *
 * @publicApi
 */
export interface UntilOptions {
  /** In ms. @default 10000 */
  timeoutMs?: number;

  /** What is waited for, for the error's text. @default the condition's source */
  description?: string;
}

const LOOK_EVERY_MS = 5;

/**
 * Resolves as soon as a condition holds; looks every few ms.
 *
 * @throws EmbeddedKafkaError when it does not in time; what the condition itself throws is passed on
 */
export async function until(
  condition: () => unknown,
  { timeoutMs = 10_000, description = condition.toString() }: UntilOptions = {},
): Promise<void> {
  const holds = async (): Promise<boolean> => Boolean(await condition());
  if (await poll(holds, timeoutMs, LOOK_EVERY_MS)) return;
  throw new EmbeddedKafkaError(`expected within ${timeoutMs} ms: ${description}`);
}
