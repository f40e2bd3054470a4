import { MessagingError } from '../messaging/errors.js';
import type { Deserializer, Serializer } from '../messaging/format.js';
import { avro } from './avro.js';
import { jsonSchema } from './json-schema.js';
import { protobuf } from './protobuf.js';
import { RegistryClient } from './registry-client.js';
import { RegistryFormat } from './registry-format.js';
import type { SchemaKind } from './schema-codec.js';

/**
 * How to reach a schema registry.
 *
 * @publicApi
 */
export interface SchemaRegistryOptions {
  /** `http://localhost:8081`; a path is kept. */
  url: string;

  /** User and password, or a bearer token. @default none */
  auth?: { username: string; password: string } | { token: string };

  /** Sent with every request. @default {} */
  headers?: Record<string, string>;

  /** Milliseconds that an answer may take. @default 10000 */
  timeoutMs?: number;
}

/**
 * How a format writes. Reading needs none of it: the id of the schema stands before each value.
 *
 * @publicApi
 */
export interface SchemaFormatOptions {
  /** The registry's name for what is written to a topic. @default `<topic>-value` */
  subject?: string | ((topic: string) => string);

  /** A schema that is registered with the first value. @default the latest of the subject, looked up again after 5 minutes */
  schema?: string;
}

/** @publicApi */
export interface ProtobufFormatOptions extends SchemaFormatOptions {
  /** The full name of the message that is written. @default the first of the schema */
  message?: string;
}

/**
 * A registry of schemas with the API of Confluent's, and the formats of payloads that have their schemas there.
 *
 * A registry that cannot be reached, or answers anything but "not found", is asked again with the next attempt; a schema that
 * it does not have, and bytes that are not of their schema, are a `DeserializationError`.
 *
 * @example
 * ```ts
 * const registry = new SchemaRegistry({ url: 'http://localhost:8081' });
 *
 * @MessageHandler('orders', { format: registry.avro() })
 * ```
 * @publicApi
 */
export class SchemaRegistry {
  private readonly client: RegistryClient;

  /** @throws MessagingError when the url is none, or has credentials in it */
  constructor({ url, auth, headers = {}, timeoutMs = 10_000 }: SchemaRegistryOptions) {
    if (!URL.canParse(url)) throw new MessagingError('SchemaRegistry: expected a url such as http://localhost:8081');
    if (new URL(url).username + new URL(url).password !== '')
      throw new MessagingError('SchemaRegistry: expected a url without credentials, which belong in auth'); // errors quote it
    const authorization = auth && { authorization: credentialsOf(auth) };
    this.client = new RegistryClient({
      url: url.replace(/\/+$/, ''),
      headers: { ...authorization, ...headers },
      timeoutMs,
    });
  }

  /** Needs the package `avsc`. */
  avro(options: SchemaFormatOptions = {}): Deserializer & Serializer {
    return this.format(avro, options);
  }

  /** Needs the package `protobufjs`. Payloads have their 64-bit numbers as text and their enums by name. */
  protobuf({ message, ...options }: ProtobufFormatOptions = {}): Deserializer & Serializer {
    return this.format(protobuf(message), options);
  }

  /** Needs the package `ajv`. Payloads are validated when they are read, too. */
  jsonSchema(options: SchemaFormatOptions = {}): Deserializer & Serializer {
    return this.format(jsonSchema, options);
  }

  private format(kind: SchemaKind, { subject, schema }: SchemaFormatOptions): RegistryFormat {
    const named = typeof subject === 'function' ? subject : (topic: string) => subject ?? `${topic}-value`;
    return new RegistryFormat(this.client, kind, { subject: named, schema });
  }
}

function credentialsOf(auth: NonNullable<SchemaRegistryOptions['auth']>): string {
  if ('token' in auth) return `Bearer ${auth.token}`;
  return `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
}
