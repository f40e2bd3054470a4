import type { Histogram, Meter } from '@opentelemetry/api';
import { Gauge } from './gauge.js';
import { Tally } from './tally.js';

/** Seconds, by the conventions. */
const explicitBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** What has been made with a meter. Its numbers are those of the process, as with any instrument: they outlast an application. */
const made = new WeakMap<Meter, Instruments>();

/** What is counted and timed. */
export class Instruments {
  readonly processDuration = this.durations('messaging.process.duration', 'Duration of an attempt of a handler');
  readonly operationDuration = this.durations(
    'messaging.client.operation.duration',
    'Duration of publishing and of committing, until the broker has answered',
  );
  readonly consumed = this.tally('messaging.client.consumed.messages', '{message}', 'Messages handed to handlers');
  readonly sent = this.tally('messaging.client.sent.messages', '{message}', 'Messages sent to the broker');
  readonly retries = this.tally('kafka.consumer.retries', '{message}', 'Messages that are to be tried again');
  readonly deadLetters = this.tally(
    'kafka.consumer.dead_letters',
    '{message}',
    'Messages stored in dead-letter topics',
  );
  readonly skips = this.tally('kafka.consumer.skips', '{message}', 'Messages completed without having been handled');
  readonly commits = this.tally('kafka.consumer.commits', '{commit}', 'Commits of offsets');
  readonly rebalances = this.tally('kafka.consumer.rebalances', '{rebalance}', 'Changes of the assigned partitions');
  readonly restarts = this.tally(
    'kafka.consumer.restarts',
    '{restart}',
    'How often the connections of a consumer were made anew',
  );
  readonly open = this.gauge(
    'kafka.consumer.messages.open',
    '{message}',
    'Messages taken from the broker and not completed',
  );
  readonly running = this.gauge('kafka.consumer.messages.running', '{message}', 'Messages in the hands of handlers');
  readonly openAge = this.gauge(
    'kafka.consumer.messages.open.max_age',
    's',
    'Time since the oldest open message was taken',
  );
  readonly paused = this.gauge(
    'kafka.consumer.partition.paused',
    '{partition}',
    'Partitions of which nothing is fetched for a while',
  );
  readonly metadataFill = this.gauge(
    'kafka.consumer.commit.metadata.utilization',
    '1',
    'Used part of what the metadata of a commit holds',
  );
  readonly lag = this.gauge('kafka.consumer.lag', '{message}', 'Messages from the position to the last stable offset');

  private constructor(private readonly meter: Meter) {}

  /** The same for a meter each time. */
  static of(meter: Meter): Instruments {
    const known = made.get(meter) ?? new Instruments(meter);
    made.set(meter, known);
    return known;
  }

  private durations(name: string, description: string): Histogram {
    return this.meter.createHistogram(name, { unit: 's', description, advice: { explicitBucketBoundaries } });
  }

  private gauge(name: string, unit: string, description: string): Gauge {
    return new Gauge(this.meter.createObservableGauge(name, { unit, description }));
  }

  private tally(name: string, unit: string, description: string): Tally {
    return new Tally(this.meter.createObservableCounter(name, { unit, description }));
  }
}
