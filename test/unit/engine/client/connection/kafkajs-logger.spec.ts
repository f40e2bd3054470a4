import { expect, it } from '@jest/globals';
import { kafkajsLogger } from '../../../../../lib/engine/client/connection/kafkajs-logger.js';
import { RecordingLogger } from '../../../../support/recording-logger.js';

/** What kafkajs makes of a logger. */
interface KafkajsLogger {
  namespace(name: string): Record<'debug' | 'info' | 'warn' | 'error', (message: string, extra?: object) => void>;
}

it('Lines of kafkajs come at debug level, with their namespace and cause, and nothing else of what kafkajs adds', () => {
  const logger = new RecordingLogger();
  const kafkajs = (kafkajsLogger(logger) as KafkajsLogger).namespace('Connection');

  kafkajs.error('Connection error: read ECONNRESET', { broker: 'a:9092', error: 'read ECONNRESET', payload: 'bytes' });
  kafkajs.warn('Response without match', { correlationId: 7 });
  kafkajs.info('Kafka has connected');
  kafkajs.debug('Request Metadata');

  expect(logger.lines).toEqual([
    { level: 'debug', message: 'kafkajs Connection: Connection error: read ECONNRESET' },
    { level: 'debug', message: 'kafkajs Connection: Response without match' },
  ]);
  expect(logger.fields).toEqual([
    { event: 'kafkajs', namespace: 'Connection', broker: 'a:9092', error: 'read ECONNRESET' },
    { event: 'kafkajs', namespace: 'Connection' },
  ]);
});
