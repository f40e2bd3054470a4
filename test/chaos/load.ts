import { setTimeout as delay } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import { randomFrom } from '../benchmark/common/topics.js';
import { idempotentProducer } from '../support/kafka.js';

export interface LoadPlan {
  keys: number;

  /** Records a second. */
  rate: number;

  /** The part of all records that has one key. */
  hotShare?: number;
  seed: number;
}

const roundMs = 50;

/** Writes records with keys, round after round, each acknowledged by two brokers or more. */
export class Load {
  private readonly running: Promise<void>;
  private producer: Producer | undefined;
  private stopped = false;

  constructor(
    private readonly brokers: readonly string[],
    private readonly topic: string,
    private readonly plan: LoadPlan,
  ) {
    this.running = this.run();
  }

  /** Resolves when nothing more will be written. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    const random = randomFrom(this.plan.seed);
    const key = (): string => {
      if (random() < (this.plan.hotShare ?? 0)) return 'hot';
      return `key-${Math.floor(random() * this.plan.keys)}`;
    };
    while (!this.stopped) {
      const messages = Array.from({ length: (this.plan.rate * roundMs) / 1000 }, () => ({ key: key(), value: '' }));
      await this.write(messages);
      await delay(roundMs);
    }
    await this.renew();
  }

  /** A round whose answer is lost is written again: its records may be there twice, each at an offset of its own. */
  private async write(messages: { key: string; value: string }[]): Promise<void> {
    for (;;) {
      try {
        this.producer ??= await idempotentProducer(this.brokers);
        await this.producer.send({ topic: this.topic, acks: -1, messages });
        return;
      } catch {
        await this.renew();
      }
    }
  }

  private async renew(): Promise<void> {
    await this.producer?.disconnect().catch(() => undefined);
    this.producer = undefined;
  }
}
