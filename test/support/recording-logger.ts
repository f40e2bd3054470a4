import type { EngineLogger } from '../../lib/engine/logger.js';

type Level = keyof EngineLogger;

/** Keeps what is logged, for specs to look at. */
export class RecordingLogger implements EngineLogger {
  readonly lines: { level: Level; message: string; stack?: string }[] = [];

  debug(message: string): void {
    this.lines.push({ level: 'debug', message });
  }

  log(message: string): void {
    this.lines.push({ level: 'log', message });
  }

  warn(message: string): void {
    this.lines.push({ level: 'warn', message });
  }

  error(message: string, stack?: string): void {
    this.lines.push({ level: 'error', message, stack });
  }

  /** The messages of a level, in order. */
  at(level: Level): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }
}
