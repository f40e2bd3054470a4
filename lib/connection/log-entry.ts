import { inspect, type InspectOptions } from 'node:util';
import type { EngineLogger, LogFields } from '../engine/logger.js';

/** As Nest's ConsoleLogger colours messages that are text. */
const colours: Readonly<Record<keyof EngineLogger, number>> = { debug: 95, log: 32, warn: 33, error: 31 };

/** Not named `level`: winston would take that for its own. Not enumerable: it is no field. */
const level = Symbol('level');

/**
 * A line of the log as an object: loggers that write JSON find its fields, and whatever prints it as text prints the sentence,
 * with the stack below if there is one. That is among the fields, because nestjs-pino takes a second argument for the message.
 */
export class LogEntry {
  readonly message: string;
  readonly stack?: string;
  declare private readonly [level]: keyof EngineLogger;

  constructor(of: keyof EngineLogger, message: string, fields: LogFields, stack?: string) {
    this.message = message;
    Object.assign(this, fields, stack !== undefined && { stack });
    Object.defineProperty(this, level, { value: of });
  }

  toString(): string {
    return this.below(this.message);
  }

  /** By itself, a line of text; as a member of something else, its fields. */
  [inspect.custom](depth: number | null, options: InspectOptions): unknown {
    if (depth !== options.depth) return { ...this };
    const { colors } = options;
    return this.below(colors ? `\x1B[${colours[this[level]]}m${this.message}\x1B[39m` : this.message);
  }

  private below(line: string): string {
    return this.stack === undefined ? line : `${line}\n${this.stack}`;
  }
}
