import type { EngineLogger } from '../logger.js';

const intervalMs = 60_000;

/** Logs what goes on for long once a minute. */
export class RepeatedLog {
  private readonly loggedAt = new Map<string, number>();

  constructor(private readonly logger: EngineLogger) {}

  warn(text: string): void {
    if (this.isNews(text)) this.logger.warn(text);
  }

  error(text: string): void {
    if (this.isNews(text)) this.logger.error(text);
  }

  private isNews(text: string): boolean {
    const now = Date.now();
    for (const [logged, at] of this.loggedAt) if (now - at >= intervalMs) this.loggedAt.delete(logged);
    if (this.loggedAt.has(text)) return false;
    this.loggedAt.set(text, now);
    return true;
  }
}
