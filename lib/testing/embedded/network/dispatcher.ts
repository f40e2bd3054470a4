import { type FaultRules } from '../faults/fault-rules.js';
import { type Call, type Handler, type Handlers } from '../handlers/handler.js';
import { servedVersions } from '../handlers/session.handlers.js';
import { apiNameOf, apiOf, type ApiName, type RequestOf, type ResponseOf } from '../protocol/apis.js';
import { nullableString, skipTags } from '../protocol/codec.js';
import { errorCodes, Refusal } from '../protocol/errors.js';
import { MalformedError } from '../protocol/malformed.error.js';
import { Reader } from '../protocol/reader.js';
import { refuse } from '../protocol/refusal.js';
import { Writer } from '../protocol/writer.js';

/** What a connection contributes to a call. */
export type Caller = Omit<Call, 'clientId'>;

interface Header {
  api: ApiName;
  version: number;
  correlationId: number;
}

const BEFORE_AUTHENTICATION: readonly ApiName[] = ['ApiVersions', 'SaslHandshake', 'SaslAuthenticate'];

/** Turns a frame into the bytes of its answer: decode, let the faults have their way, handle, encode. */
export class Dispatcher {
  constructor(
    private readonly handlers: Handlers,
    private readonly faults: FaultRules,
  ) {}

  /**
   * The answer to a request as chunks to write, or undefined when it gets none.
   *
   * @throws MalformedError for anything but a request of a version that is served
   */
  async answer(frame: Buffer, caller: Caller): Promise<Buffer[] | undefined> {
    const from = new Reader(frame);
    const api = expectApi(from.int16());
    const header: Header = { api, version: from.int16(), correlationId: from.int32() };
    const clientId = nullableString.read(from) ?? '';
    if (!isServed(header)) return unsupported(header);
    expectAuthenticated(api, caller);
    const request = decode(header, from);
    const answer = await this.handle(api, request, { ...caller, clientId });
    return answer && encode(header, answer);
  }

  private handle<A extends ApiName>(api: A, request: RequestOf<A>, call: Call): Promise<ResponseOf<A> | undefined> {
    const handler: Handler<A> = this.handlers[api];
    return this.faults.apply(api, request, call, async (asked) => {
      try {
        return await handler(asked, call);
      } catch (error) {
        return refuse(api, asked, error instanceof Refusal ? error : new Refusal('UNKNOWN', String(error)));
      }
    });
  }
}

function expectApi(key: number): ApiName {
  const api = apiNameOf(key);
  if (!api) throw new MalformedError(`expected the key of an API that is served, got ${key}`);
  return api;
}

function isServed({ api, version }: Header): boolean {
  const { minVersion, maxVersion } = apiOf(api);
  return version >= minVersion && version <= maxVersion;
}

/** Only ApiVersions may be asked in a version nobody knows; the answer then is of version 0 (KIP-511). */
function unsupported({ api, version, correlationId }: Header): Buffer[] {
  if (api !== 'ApiVersions') throw new MalformedError(`expected a served version of ${api}, got ${version}`);
  const answer = { errorCode: errorCodes.UNSUPPORTED_VERSION, apis: servedVersions(), throttleTimeMs: 0 };
  return encode({ api, version: 0, correlationId }, answer);
}

function expectAuthenticated(api: ApiName, { session }: Caller): void {
  if (session.isAuthenticated || BEFORE_AUTHENTICATION.includes(api)) return;
  throw new MalformedError(`expected authentication before ${api}`);
}

function isFlexible({ api, version }: Header): boolean {
  return version >= apiOf(api).flexibleFrom;
}

function decode(header: Header, rest: Reader): RequestOf<ApiName> {
  const { api, version } = header;
  if (isFlexible(header)) skipTags(rest);
  const from = new Reader(rest.bytes(rest.remaining), version, isFlexible(header));
  const request = apiOf(api).request.read(from);
  if (from.remaining > 0) throw new MalformedError(`expected the end of ${api}, got ${from.remaining} bytes more`);
  return request as RequestOf<ApiName>;
}

function encode(header: Header, answer: unknown): Buffer[] {
  const { api, version, correlationId } = header;
  const to = new Writer(version, isFlexible(header));
  to.int32(correlationId);
  if (to.isFlexible) to.uvarint(0);
  apiOf(api).response.write(to, answer);
  const { chunks, length } = to.finish();
  const prefix = Buffer.allocUnsafe(4);
  prefix.writeInt32BE(length, 0);
  return [prefix, ...chunks];
}
