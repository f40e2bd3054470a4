import { RepeatedLog } from '../engine/client/repeated-log.js';
import { describeThrown } from '../engine/describe-thrown.js';
import type { EngineLogger } from '../engine/logger.js';

/** Keeps what measures and traces from disturbing what is measured: samplers, propagators and exporters are code of others. */
export class Guard {
  private readonly log: RepeatedLog;

  constructor(logger: EngineLogger) {
    this.log = new RepeatedLog(logger);
  }

  /** @returns what the call returns, or something else where it throws, which is logged */
  call<T>(call: () => T, otherwise: T): T {
    try {
      return call();
    } catch (error) {
      this.report(error);
      return otherwise;
    }
  }

  report(error: unknown): void {
    this.log.error(
      `Telemetry failed; nothing else is changed by it: ${describeThrown(error).text}`,
      undefined,
      undefined,
      'telemetry',
    );
  }
}
