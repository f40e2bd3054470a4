import { describe, expect, it } from '@jest/globals';
import type { ConnectionSettings } from '../../../../../lib/engine/client/client-settings.js';
import { kafkajsConnection } from '../../../../../lib/engine/client/connection/kafkajs-connection.js';

function connection(sasl: ConnectionSettings['sasl']) {
  const brokers = ['broker.example:9092'];
  return kafkajsConnection({
    ...{ brokers, clientId: 'shop', ssl: false, sasl },
    ...{ connectionTimeoutMs: 20, requestTimeoutMs: 20 },
  });
}

describe('kafkajsConnection', () => {
  it('hands over a copy of user and password, as kafkajs writes into it', () => {
    const sasl = Object.freeze({ mechanism: 'plain', username: 'shop', password: 'secret' } as const);

    const handed = connection(sasl).sasl;

    expect(handed).toEqual(sasl);
    expect(Object.isFrozen(handed)).toBe(false);
  });

  describe('with tokens', () => {
    const accepted = Buffer.alloc(4);

    it('sends the token as RFC 7628 has it, and takes an empty answer for yes', async () => {
      const sent = await authenticate(async () => ({ value: 'header.payload.' }), accepted);

      const message = 'n,,\x01auth=Bearer header.payload.\x01\x01';
      expect(sent.readInt32BE()).toBe(message.length);
      expect(sent.subarray(4).toString()).toBe(message);
    });

    it('takes an answer that says something for no', async () => {
      const refused = Buffer.concat([accepted, Buffer.from('{"status":"invalid_token"}')]);

      await expect(authenticate(async () => ({ value: 'token' }), refused)).rejects.toThrow(
        'SASL OAUTHBEARER authentication failed: the broker refused the token: {"status":"invalid_token"}',
      );
    });

    it.each([
      ['never answers', () => new Promise<never>(() => undefined), 'no token was provided within 20 ms'],
      ['fails', () => Promise.reject(new Error('no such client')), 'no such client'],
      ['gives nothing', async () => undefined as never, 'expected the token provider to resolve to { value: string }'],
    ])('says when the provider %s', async (_what, provider, problem) => {
      await expect(authenticate(provider, accepted)).rejects.toThrow(`authentication failed: ${problem}`);
    });
  });
});

/** Authenticates the way kafkajs does; resolves to what is sent. */
async function authenticate(oauthBearerProvider: () => Promise<{ value: string }>, answer: Buffer): Promise<Buffer> {
  const { sasl } = connection({ mechanism: 'oauthbearer', oauthBearerProvider });
  if (!sasl || !('authenticationProvider' in sasl)) throw new Error('an authentication provider was expected');
  let sent = Buffer.alloc(0);
  const authenticator = sasl.authenticationProvider({
    saslAuthenticate: async ({ request, response }) => {
      sent = Buffer.from(request.encode());
      response.parse(response.decode(answer));
    },
  });
  await authenticator.authenticate();
  return sent;
}
