import type { ConsumedRecord } from './client/consumer-client.js';
import { KafkaMessage } from './decode/kafka-message.js';
import type { TopicRoutes } from './handler-binding.js';
import type { EngineLogger } from './logger.js';
import { handleWithAttempts, type AttemptsContext, type LaneSignals, type Outcome } from './recovery/attempts.js';
import { wait } from './wait.js';

/** What happens to a record once it is its turn: decode, invoke, recover. */
export class RecordPipeline {
  /** How often handlers succeeded, failed, and left messages unhandled. */
  readonly counts = { handled: 0, failedAttempts: 0, skipped: 0 };
  private readonly unrouted = new Set<string>();

  constructor(
    private readonly group: string,
    private readonly routes: TopicRoutes,
    private readonly logger: EngineLogger,
    private readonly recovery: Partial<Pick<AttemptsContext, 'onFailure' | 'waitForRetry'>> = {},
  ) {}

  /** Takes a record to the handlers of its topic, one after the other. */
  async handle(record: ConsumedRecord, signals: LaneSignals): Promise<Outcome> {
    const bindings = this.routes(record.topic);
    if (bindings.length === 0) return this.skipUnrouted(record.topic);
    const message = new KafkaMessage(record);
    const context = this.attemptsContext();
    let result: Outcome = 'skipped';
    for (const binding of bindings) {
      const outcome = await handleWithAttempts(binding, message, signals, context);
      if (outcome === 'abandoned' || outcome === 'stopped') return outcome;
      this.counts[outcome]++;
      if (outcome === 'handled') result = outcome;
    }
    return result;
  }

  private attemptsContext(): AttemptsContext {
    const { group, logger, recovery } = this;
    const onFailure: AttemptsContext['onFailure'] = (error, decision) => {
      this.counts.failedAttempts++;
      recovery.onFailure?.(error, decision);
    };
    return { group, logger, waitForRetry: recovery.waitForRetry ?? wait, onFailure };
  }

  private skipUnrouted(topic: string): Outcome {
    this.counts.skipped++;
    if (!this.unrouted.has(topic)) this.logger.warn(`No handler takes topic "${topic}": its records are skipped`);
    this.unrouted.add(topic);
    return 'skipped';
  }
}
