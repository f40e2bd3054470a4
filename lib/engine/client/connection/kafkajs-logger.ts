import type { EngineLogger } from '../../logger.js';
import { createKafkajsLogger, logLevel } from './kafkajs-internals.js';

/** What kafkajs logs: its line, and with it whatever it has at hand, of which only this is told. */
interface KafkajsLine {
  readonly namespace: string;
  readonly log: { readonly message: string; readonly error?: string; readonly broker?: string };
}

/** kafkajs's log lines at debug level: whatever matters of them comes back as an error, and is logged where it is handled. */
export function kafkajsLogger(logger: EngineLogger): unknown {
  return createKafkajsLogger({ level: logLevel.WARN, logCreator: () => sink(logger) });
}

/** The function kafkajs calls for each of its log lines. */
function sink(logger: EngineLogger) {
  return ({ namespace, log: { message, error, broker } }: KafkajsLine): void => {
    const where = { event: 'kafkajs', namespace, ...(broker && { broker }) } as const;
    logger.debug(`kafkajs ${namespace}: ${message}`, error ? { ...where, error: String(error) } : where);
  };
}
