import { describe, expect, it } from '@jest/globals';
import type { ConnectionSettings } from '../../../../../lib/engine/client/client-settings.js';
import { describeConnectionFailure } from '../../../../../lib/engine/client/connection/connection-failure.js';

const password = { mechanism: 'plain', username: 'shop', password: 'secret' } as const;
const token = { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: '' }) } as const;

function describeText(message: string, sasl?: ConnectionSettings['sasl']): string {
  return describeConnectionFailure(new Error(message), { sasl });
}

describe('describeConnectionFailure', () => {
  it.each([
    ['Connection error: self-signed certificate in certificate chain', 'ssl.ca'],
    ['Connection error: unable to get local issuer certificate', 'ssl.ca'],
    ["Connection error: Hostname/IP does not match certificate's altnames: Host: a. is not in b", 'ssl.servername'],
    ['Connection error: Client network socket disconnected before secure TLS connection was established', '(ssl)'],
    ['Closed connection', 'ssl and sasl'],
  ])('%s: names %s', (message, options) => {
    const text = describeText(message);

    expect(text.startsWith(`${message}; check `)).toBe(true);
    expect(text).toContain(options);
  });

  it.each([
    [password, 'check sasl.mechanism, sasl.username and sasl.password'],
    [token, 'check sasl.tokenProvider'],
    [undefined, 'check sasl'],
  ])('a failed authentication: names the options that were used', (sasl, advice) => {
    expect(describeText('SASL authentication failed: no', sasl)).toBe(`SASL authentication failed: no; ${advice}`);
  });

  it("keeps of OpenSSL's text what can be read, in one line", () => {
    const text = describeText(
      'Connection error: 80CCD3E0817F0000:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:' +
        '../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number 42\n',
    );

    expect(text).toBe(
      'Connection error: sslv3 alert bad certificate; check ssl.cert and ssl.key, which the broker does not accept',
    );
  });

  it('gives no advice where it has none', () => {
    expect(describeText('Connection error: connect ECONNREFUSED', password)).toBe(
      'Connection error: connect ECONNREFUSED',
    );
  });
});
