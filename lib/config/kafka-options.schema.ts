import { ValidateIf } from 'class-validator';
import { isFormat } from '../messaging/formats.js';
import { isMapping } from './mapping.js';
import {
  anyFunction,
  flag,
  integer,
  listOf,
  mapping,
  numberFrom,
  oneOf,
  Optional,
  Required,
  type Rule,
  Section,
  text,
} from './schema-rules.js';

const topicOrFunction: Rule = {
  expected: 'a topic, or a function (message, error) => topic',
  change: 'Write the name of a topic; a function can only be given in code.',
  accepts: (value) => text.accepts(value) || typeof value === 'function',
};

const format: Rule = {
  expected: '"json", "string", "bytes" or an object with deserialize(value, message)',
  change: 'Write one of the names; an object can only be given in code.',
  accepts: isFormat,
};

const formats: Rule = {
  expected: 'an object of formats by topic: "json", "string", "bytes" or objects with deserialize(value, message)',
  change: 'It can only be given in code: leave it out of file and environment, and add it in useFactory.',
  accepts: (value) => isMapping(value) && Object.values(value).every(isFormat),
};

const tokenProvider: Rule = {
  ...anyFunction,
  change: 'It can only be given in code: leave sasl out of file and environment, and add it in useFactory.',
};

const attempts: Rule = {
  ...integer(1),
  accepts: (value) => value === Infinity || integer(1).accepts(value),
};

export class FetchSchema {
  @Optional(integer(0)) minBytes?: unknown;
  @Optional(integer(1)) maxBytes?: unknown;
  @Optional(integer(1)) maxBytesPerPartition?: unknown;
  @Optional(integer(0)) maxWaitMs?: unknown;
  @Optional(integer(1, Number.MAX_SAFE_INTEGER)) maxBufferedBytes?: unknown;
  @Optional(flag) checkCrcs?: unknown;
}

export class ProducerSchema {
  @Optional(integer(0)) lingerMs?: unknown;
  @Optional(integer(1)) deliveryTimeoutMs?: unknown;
  @Optional(integer(1)) maxRequestBytes?: unknown;
  @Optional(integer(1, Number.MAX_SAFE_INTEGER)) maxBufferedBytes?: unknown;
  @Optional(oneOf('none', 'gzip')) compression?: unknown;
}

export class RetrySchema {
  @Optional(attempts) maxAttempts?: unknown;
  @Optional(integer(0)) initialDelayMs?: unknown;
  @Optional(numberFrom(1)) multiplier?: unknown;
  @Optional(integer(0)) maxDelayMs?: unknown;
  @Optional(oneOf('full', 'none')) jitter?: unknown;
  @Optional(anyFunction) delay?: unknown;
}

export class DeadLetterSchema {
  @Optional(topicOrFunction) topic?: unknown;
}

export class SslSchema {
  @Optional(text) ca?: unknown;
  @Optional(text) cert?: unknown;
  @Optional(text) key?: unknown;
  @Optional(text) passphrase?: unknown;
  @Optional(text) servername?: unknown;
  @Optional(flag) rejectUnauthorized?: unknown;
}

export class SaslPasswordSchema {
  @Required(oneOf('plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer')) mechanism?: unknown;
  @Required(text) username?: unknown;
  @Required(text) password?: unknown;
}

export class SaslOAuthBearerSchema {
  @Required(oneOf('oauthbearer')) mechanism?: unknown;
  @Required(tokenProvider) tokenProvider?: unknown;
}

/** The shape of `KafkaOptions`: names, types and ranges. What concerns items of a list or two options is in `option-rules`. */
export class KafkaOptionsSchema {
  @Required(listOf('"host:port"')) brokers?: unknown;
  @Optional(text) group?: unknown;
  @Optional(listOf('topic')) topics?: unknown;
  @Optional(flag) autoCommit?: unknown;
  @Optional(integer(1)) commitIntervalMs?: unknown;
  @Optional(integer(1)) commitAfterRecords?: unknown;
  @Optional(oneOf('partition', 'key', 'unordered')) processingOrder?: unknown;
  @Optional(integer(1)) concurrency?: unknown;
  @Optional(integer(1)) handlerTimeoutMs?: unknown;
  @Optional(integer(1)) ackTimeoutMs?: unknown;
  @Optional(format) format?: unknown;
  @Optional(formats) formats?: unknown;
  @Optional(flag) useGlobalEnhancers?: unknown;
  @Optional(oneOf('restart', 'exit')) onCrash?: unknown;
  @Optional(flag) startFromBeginning?: unknown;
  @Optional(flag) autoStart?: unknown;
  @Optional(integer(1)) sessionTimeoutMs?: unknown;
  @Optional(integer(1)) heartbeatIntervalMs?: unknown;
  @Optional(integer(1)) rebalanceTimeoutMs?: unknown;
  @Optional(integer(0)) shutdownTimeoutMs?: unknown;
  @Optional(integer(1)) connectTimeoutMs?: unknown;
  @Optional(text) clientId?: unknown;
  @Optional(text) rackId?: unknown;
  @Optional(integer(1)) connectionTimeoutMs?: unknown;
  @Optional(integer(1)) requestTimeoutMs?: unknown;
  @Section() fetch?: unknown;
  @Section() producer?: unknown;
  @Optional(listOf('assignor')) assignors?: unknown;
  @Optional(text) groupInstanceId?: unknown;
  @Optional(flag) leaveOnStop?: unknown;
  @Optional(integer(1)) maxInFlightRecords?: unknown;
  @Optional(integer(1, Number.MAX_SAFE_INTEGER)) maxInFlightBytes?: unknown;
  @Section() retry?: unknown;
  @Optional(listOf('class of errors or predicate')) nonRetriable?: unknown;
  @Optional(anyFunction) classify?: unknown;

  @ValidateIf(({ deadLetter }: KafkaOptionsSchema) => typeof deadLetter !== 'boolean')
  @Section(mapping('true, false or a mapping'))
  deadLetter?: unknown;

  @Optional(flag) createTopics?: unknown;
  @Optional(oneOf('retry', 'skip', 'stop')) onExhausted?: unknown;

  @ValidateIf(({ ssl }: KafkaOptionsSchema) => typeof ssl !== 'boolean')
  @Section(mapping('true, false or a mapping'))
  ssl?: unknown;

  @Section() sasl?: unknown;

  /** class-validator looks at instances of the schema classes only; what is no mapping is left for it to refuse. */
  static from(options: Record<string, unknown>): KafkaOptionsSchema {
    return Object.assign(new KafkaOptionsSchema(), options, {
      fetch: fill(new FetchSchema(), options.fetch),
      producer: fill(new ProducerSchema(), options.producer),
      retry: fill(new RetrySchema(), options.retry),
      deadLetter: fill(new DeadLetterSchema(), options.deadLetter),
      ssl: fill(new SslSchema(), options.ssl),
      sasl: fill(saslSchemaFor(options.sasl), options.sasl),
    });
  }
}

function fill(schema: object, value: unknown): unknown {
  return isMapping(value) ? Object.assign(schema, value) : value;
}

function saslSchemaFor(sasl: unknown): object {
  const isOAuthBearer = isMapping(sasl) && sasl.mechanism === 'oauthbearer';
  return isOAuthBearer ? new SaslOAuthBearerSchema() : new SaslPasswordSchema();
}
