import {
  Module,
  type INestApplicationContext,
  type LoggerService,
  type ModuleMetadata,
  type Provider,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { KafkaConsumerService, KafkaModule, type KafkaOptions } from '@things-kit/nestjs-kafka';
import { eventually } from './eventually.js';
import { brokers } from './kafka.js';

/** An application of one module with handlers, on the run's broker. Commits and heartbeats are quick, so that specs are. */
export async function startApplication(
  options: Partial<KafkaOptions>,
  providers: Provider[],
  logger: LoggerService = new LogRecorder(),
  imports: ModuleMetadata['imports'] = [],
): Promise<INestApplicationContext> {
  @Module({ imports: [KafkaModule.forRoot(testOptions(options)), ...imports], providers })
  class AppModule {}
  const testing = await Test.createTestingModule({ imports: [AppModule] })
    .setLogger(logger)
    .compile();
  return testing.init();
}

export function testOptions(options: Partial<KafkaOptions>): KafkaOptions {
  const quick = { commitIntervalMs: 100, heartbeatIntervalMs: 200, sessionTimeoutMs: 6_000 };
  return { brokers: brokers(), startFromBeginning: true, ...quick, fetch: { maxWaitMs: 100 }, ...options };
}

/** Waits until the application's consumer is a member of its group and owns so many partitions. */
export async function untilAssigned(app: INestApplicationContext, partitions?: number): Promise<void> {
  const consumer = app.get(KafkaConsumerService);
  await eventually(
    () => {
      const status = consumer.status();
      return status?.joined === true && (partitions === undefined || status.assignments.length === partitions);
    },
    { timeoutMs: 30_000, message: () => `expected ${partitions} partitions, got ${JSON.stringify(consumer.status())}` },
  );
}

export interface LogLine {
  level: 'debug' | 'error' | 'log' | 'warn';
  text: string;
}

/** Keeps what the application logs, instead of printing it. */
export class LogRecorder implements LoggerService {
  readonly lines: LogLine[] = [];

  log = (message: unknown): void => this.keep('log', message);
  warn = (message: unknown): void => this.keep('warn', message);
  error = (message: unknown): void => this.keep('error', message);
  debug = (message: unknown): void => this.keep('debug', message);
  verbose = (): void => undefined;

  /** The lines of a level that contain a text. */
  find(level: LogLine['level'], text: string): string[] {
    return this.lines.filter((line) => line.level === level && line.text.includes(text)).map((line) => line.text);
  }

  private keep(level: LogLine['level'], message: unknown): void {
    this.lines.push({ level, text: String(message) });
  }
}
