import type { OutgoingMessage, PublishedRecord } from '../../../messaging/producer.js';

/** Messages on their way to the broker, as they are watched. */
export interface WatchedPublish {
  /** What is to be published: the messages, with what tells their consumers where they come from. */
  readonly messages: OutgoingMessage[];

  /** They have been handed over to be sent, at most once. Before, nothing was attempted. */
  entered(): void;

  /** What became of each. */
  settled(results: readonly PromiseSettledResult<PublishedRecord>[]): void;

  /** Something has kept all of them from being stored. */
  failed(error: unknown): void;
}

/** Watches what an application publishes. */
export interface PublishWatcher {
  /** @returns nothing where nobody wants to know */
  begin(messages: OutgoingMessage[]): WatchedPublish | undefined;

  /** Messages that are accepted now, and sent later with others or not at all: as they are to be sent. */
  create(messages: readonly OutgoingMessage[]): readonly OutgoingMessage[];
}
