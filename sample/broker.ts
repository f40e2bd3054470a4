import { Logger } from '@nestjs/common';
import { startTestBroker, type TestBroker } from '@things-kit/nestjs-kafka/testing';

/** The brokers that KAFKA_BROKERS names; without it one that is brought up for this run and ends with this process. */
export function startBroker(): Promise<TestBroker> {
  const logger = new Logger('Broker');
  const kind = process.env.KAFKA_BROKERS ? 'external' : undefined;
  return startTestBroker({ kind, log: (line) => logger.log(line) });
}
