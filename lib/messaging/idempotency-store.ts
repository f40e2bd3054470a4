/**
 * Knows which messages have had their effect, so that one that is delivered again has it no second time. Also the injection token of the
 * application's.
 *
 * @publicApi
 */
export abstract class IdempotencyStore {
  /** Whether a key was remembered. */
  abstract seen(key: string): Promise<boolean>;

  /**
   * Remembers a key. One that is remembered already is an error, or none: as the store likes.
   *
   * @param transaction that of the handler's own effect, where the handler calls this; then key and effect stand or fall together
   */
  abstract remember(key: string, transaction?: unknown): Promise<void>;
}

const defaultLimit = 100_000;

/**
 * Keys in memory, the latest so many: for tests, and for repeats within one process. After a restart it knows nothing.
 *
 * @publicApi
 */
export class InMemoryIdempotencyStore extends IdempotencyStore {
  private readonly keys = new Set<string>();

  /** @param limit how many keys it keeps; the oldest are forgotten */
  constructor(private readonly limit: number = defaultLimit) {
    super();
  }

  seen(key: string): Promise<boolean> {
    return Promise.resolve(this.keys.has(key));
  }

  remember(key: string): Promise<void> {
    this.keys.add(key);
    if (this.keys.size > this.limit)
      for (const oldest of this.keys) return Promise.resolve(void this.keys.delete(oldest));
    return Promise.resolve();
  }
}
