import type { EngineLogger, LogFields } from '../../lib/engine/logger.js';

type Level = keyof EngineLogger;

/** Keeps what is logged, for specs to look at. */
export class RecordingLogger implements EngineLogger {
  readonly lines: { level: Level; message: string; stack?: string }[] = [];

  /** Of each line that has some, in order. */
  readonly fields: LogFields[] = [];

  debug(message: string, fields?: LogFields): void {
    this.keep(fields);
    this.lines.push({ level: 'debug', message });
  }

  log(message: string, fields?: LogFields): void {
    this.keep(fields);
    this.lines.push({ level: 'log', message });
  }

  warn(message: string, fields?: LogFields): void {
    this.keep(fields);
    this.lines.push({ level: 'warn', message });
  }

  error(message: string, stack?: string, fields?: LogFields): void {
    this.keep(fields);
    this.lines.push({ level: 'error', message, stack });
  }

  /** The messages of a level, in order. */
  at(level: Level): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }

  private keep(fields: LogFields | undefined): void {
    if (fields) this.fields.push(fields);
  }
}
