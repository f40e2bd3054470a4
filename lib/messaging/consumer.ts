/**
 * Delivers messages to the application's handlers. Also the injection token of the application's (default) consumer.
 *
 * @publicApi
 */
export abstract class Consumer {
  /** Starts consuming. Resolves as soon as the start is under way; calling it again while running does nothing. */
  abstract start(): Promise<void>;

  /** Stops fetching, lets running handlers finish within the implementation's limit, records progress and leaves. */
  abstract stop(): Promise<void>;
}
