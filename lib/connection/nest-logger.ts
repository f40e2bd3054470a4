import { Logger } from '@nestjs/common';
import type { EngineLogger, LogFields } from '../engine/logger.js';
import { LogEntry } from './log-entry.js';
import { withoutSecrets } from './without-secrets.js';

/** Nest's logger with a context, for sentences with fields: a {@link LogEntry} goes where text goes otherwise. */
export class NestLogger implements EngineLogger {
  private readonly logger: Logger;

  constructor(context: string) {
    this.logger = new Logger(context);
  }

  debug(message: string, fields?: LogFields): void {
    attempt(() => this.logger.debug(toLogged('debug', message, fields)));
  }

  log(message: string, fields?: LogFields): void {
    attempt(() => this.logger.log(toLogged('log', message, fields)));
  }

  warn(message: string, fields?: LogFields): void {
    attempt(() => this.logger.warn(toLogged('warn', message, fields)));
  }

  error(message: string, stack?: string, fields?: LogFields): void {
    const told = stack === undefined ? undefined : withoutSecrets(stack);
    attempt(() => {
      if (fields) this.logger.error(toLogged('error', message, fields, told));
      else this.logger.error(withoutSecrets(message), told);
    });
  }
}

/** A logger that fails, such as one whose worker has ended, is to break nothing that it tells of. */
function attempt(write: () => void): void {
  try {
    write();
  } catch {
    // there is nobody left to tell
  }
}

function toLogged(
  level: keyof EngineLogger,
  message: string,
  fields: LogFields | undefined,
  stack?: string,
): string | LogEntry {
  const text = withoutSecrets(message);
  if (!fields) return text;
  const { error } = fields;
  return new LogEntry(level, text, error === undefined ? fields : { ...fields, error: withoutSecrets(error) }, stack);
}
