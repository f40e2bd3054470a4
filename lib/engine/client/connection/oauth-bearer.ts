import { untilAborted } from '../../wait.js';

/** What kafkajs hands to an authentication provider. */
export interface ProviderArguments {
  saslAuthenticate: (exchange: {
    request: { encode: () => Buffer };
    response: { decode: (answer: Buffer) => Buffer; parse: (answer: Buffer) => void };
  }) => Promise<unknown>;
}

const lengthBytes = 4;

/**
 * SASL OAUTHBEARER in the place of kafkajs's own, which takes a refused token for an accepted one: the broker tells the
 * refusal without an error code (RFC 7628, 3.2.2). It then answers whatever comes next with an error, which kafkajs reads
 * as the answer to a request for metadata: a cluster without topics.
 */
export function oauthBearer(tokenProvider: () => Promise<{ value: string }>, timeoutMs: number) {
  const authenticate = async ({ saslAuthenticate }: ProviderArguments): Promise<void> => {
    try {
      const token = await tokenInTime(tokenProvider, timeoutMs);
      const request = { encode: () => clientResponse(token) };
      await saslAuthenticate({ request, response: { decode: withoutLength, parse: demandAcceptance } });
    } catch (cause) {
      throw new Error(`SASL OAUTHBEARER authentication failed: ${(cause as Error).message}`, { cause });
    }
  };
  const authenticationProvider = (args: ProviderArguments) => ({ authenticate: () => authenticate(args) });
  return { mechanism: 'oauthbearer', authenticationProvider };
}

/** A provider that never answers would leave the consumer silent for ever. */
async function tokenInTime(tokenProvider: () => Promise<{ value: string }>, timeoutMs: number): Promise<string> {
  const timeout = AbortSignal.timeout(timeoutMs); // its timer keeps no process alive, that of a closed client neither
  const token = await Promise.race([tokenProvider(), untilAborted(timeout)]);
  if (timeout.aborted) throw new Error(`no token was provided within ${timeoutMs} ms`);
  const { value } = token ?? {};
  if (typeof value === 'string' && value !== '') return value;
  throw new Error('expected the token provider to resolve to { value: string }');
}

/** RFC 7628, 3.1, behind its length. */
function clientResponse(token: string): Buffer {
  const message = Buffer.from(`n,,\x01auth=Bearer ${token}\x01\x01`);
  const length = Buffer.alloc(lengthBytes);
  length.writeInt32BE(message.length);
  return Buffer.concat([length, message]);
}

function withoutLength(answer: Buffer): Buffer {
  return answer.subarray(lengthBytes);
}

/** The answer to an accepted token is empty. */
function demandAcceptance(answer: Buffer): void {
  if (answer.length > 0) throw new Error(`the broker refused the token: ${answer.toString()}`);
}
