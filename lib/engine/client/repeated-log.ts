import type { EngineLogger, LogFields } from '../logger.js';
import { Repeats } from './repeats.js';

const intervalMs = 60_000;

interface Line {
  readonly level: 'warn' | 'error';
  readonly text: string;
  readonly stack?: string | undefined;
  readonly fields?: LogFields | undefined;
}

/**
 * Lets warnings and errors that are alike through a number of times a minute, and tells of the rest how many they were. Of what is
 * told once, the next line a minute later says so; otherwise a line at the end of the minute does, the last of them.
 */
export class RepeatedLog implements EngineLogger {
  private readonly repeats: Repeats<Line>;
  private timer: NodeJS.Timeout | undefined;

  /** @param whole how many a minute are told as they are */
  constructor(
    private readonly logger: EngineLogger,
    private readonly whole = 1,
    private readonly now: () => number = Date.now,
  ) {
    this.repeats = new Repeats(whole, intervalMs);
  }

  debug(text: string, fields?: LogFields): void {
    this.logger.debug(text, fields);
  }

  log(text: string, fields?: LogFields): void {
    this.logger.log(text, fields);
  }

  warn(text: string, fields?: LogFields, alike = text): void {
    this.note({ level: 'warn', text, fields }, alike);
  }

  error(text: string, stack?: string, fields?: LogFields, alike = text): void {
    this.note({ level: 'error', text, stack, fields }, alike);
  }

  /** Tells at once what was left out. */
  flush(): void {
    this.sumUp(true);
  }

  private note(line: Line, alike: string): void {
    const leftOut = this.repeats.note(`${line.level} ${alike}`, line, this.now(), line.level);
    if (leftOut) this.write(line, leftOut.count, leftOut.forMs);
    else if (this.whole > 1) this.schedule();
  }

  private schedule(): void {
    const { nextEnd } = this.repeats;
    if (nextEnd !== undefined) this.timer ??= setTimeout(() => this.sumUp(), nextEnd - this.now()).unref();
  }

  private sumUp(ofAll = false): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const leftOut = this.repeats.takeLeftOut(this.now(), ofAll);
    for (const { last, count, forMs } of leftOut) this.write(last, count - 1, forMs);
    this.schedule();
  }

  private write({ level, text, stack, fields }: Line, more: number, forMs: number): void {
    const count = more.toLocaleString('en-US');
    const told =
      more === 0 ? text : `${text} (and ${count} more like it in the last ${Math.max(1, Math.round(forMs / 1000))} s)`;
    const all = more === 0 ? fields : { ...fields, more };
    if (level === 'warn') this.logger.warn(told, all);
    else this.logger.error(told, stack, all);
  }
}
