import type { EngineLogger } from '../../logger.js';
import { createKafkajsLogger, logLevel } from './kafkajs-internals.js';

/** kafkajs's log lines at debug level: whatever matters of them comes back as an error, and is logged where it is handled. */
export function kafkajsLogger(logger: EngineLogger): unknown {
  return createKafkajsLogger({ level: logLevel.WARN, logCreator: () => sink(logger) });
}

/** The function kafkajs calls for each of its log lines. */
function sink(logger: EngineLogger) {
  return ({ namespace, log }: { namespace: string; log: { message: string } }): void =>
    logger.debug(`kafkajs ${namespace}: ${log.message}`);
}
