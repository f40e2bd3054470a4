/** Tells whoever waits that something has changed. Says neither what nor how often: waiters look for themselves. */
export class Signal {
  private readonly listeners = new Set<() => void>();

  /** Calls the listener at every change until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  notify(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
