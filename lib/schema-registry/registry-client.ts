import { DeserializationError, MessagingError } from '../messaging/errors.js';

/** How to reach a schema registry. */
export interface RegistryAccess {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** A schema another one builds on. */
export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

export type SchemaType = 'AVRO' | 'PROTOBUF' | 'JSON';

/** A schema as a registry keeps it. */
export interface RegisteredSchema {
  readonly schema: string;

  /** Registries leave it out for Avro. */
  readonly schemaType?: SchemaType;
  readonly references?: readonly SchemaReference[];
}

/** Of a subject. */
export interface SubjectSchema extends RegisteredSchema {
  readonly id: number;
}

const mediaType = 'application/vnd.schemaregistry.v1+json';

/** For subject, version and schema. */
const notFoundCodes: readonly unknown[] = [40_401, 40_402, 40_403];

/**
 * The API of Confluent's Schema Registry, as far as it is needed.
 *
 * @see https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
export class RegistryClient {
  constructor(private readonly access: RegistryAccess) {}

  /** @throws DeserializationError when there is no such schema, and any other error when that cannot be told now */
  async schema(id: number): Promise<RegisteredSchema> {
    const found = await this.request<RegisteredSchema>('GET', `/schemas/ids/${id}`);
    if (found) return found;
    throw new DeserializationError(`of a schema that the registry does not have, its id is ${id}`);
  }

  /** @throws when it is not there, or the registry cannot be asked now */
  async referenced({ subject, version }: SchemaReference): Promise<RegisteredSchema> {
    return this.expect(`/subjects/${encodeURIComponent(subject)}/versions/${version}`, subject);
  }

  /** @throws when there is none, or the registry cannot be asked now */
  async latest(subject: string): Promise<SubjectSchema> {
    return this.expect(`/subjects/${encodeURIComponent(subject)}/versions/latest`, subject);
  }

  /**
   * Registers a schema, unless the subject has it.
   *
   * @returns its id
   */
  async register(subject: string, schema: RegisteredSchema): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const answer = await this.request<{ id: number }>('POST', path, schema);
    if (answer) return answer.id;
    throw new MessagingError(`The schema registry does not take schemas for subject "${subject}"`);
  }

  private async expect<T>(path: string, subject: string): Promise<T> {
    const found = await this.request<T>('GET', path);
    if (found) return found;
    throw new MessagingError(`The schema registry has no schema of subject "${subject}"; register one first`);
  }

  /** @returns `undefined` for what is not found */
  private async request<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T | undefined> {
    const { url, headers, timeoutMs } = this.access;
    const response = await fetch(url + path, {
      method,
      headers: { accept: mediaType, ...(body && { 'content-type': mediaType }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((cause: unknown) => {
      throw new MessagingError(`The schema registry cannot be reached at ${url}: ${reasonOf(cause)}`, { cause });
    });
    if (response.ok) return (await response.json()) as T;
    const text = await response.text();
    if (response.status === 404 && saysNotFound(text)) return undefined;
    throw new MessagingError(
      `The schema registry answered ${response.status} to ${method} ${path}: ${text.slice(0, 300)}`,
    );
  }
}

/** A gateway whose registry is away, or a path that is wrong, is 404, too. */
function saysNotFound(text: string): boolean {
  try {
    return notFoundCodes.includes((JSON.parse(text) as { error_code?: unknown }).error_code);
  } catch {
    return false;
  }
}

/** `fetch` says "fetch failed", and its cause why. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message: string; cause?: { message?: string; code?: string } };
  return cause?.message || cause?.code || message;
}
