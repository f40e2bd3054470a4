import type { ConnectionSettings } from '../client-settings.js';

type Security = Pick<ConnectionSettings, 'sasl'>;

/** What to check, by the text of the failure; the first that fits. Texts of kafkajs, OpenSSL and Node. */
const advices: [RegExp, (security: Security) => string][] = [
  [/SASL/, ({ sasl }) => signOnOptions(sasl)],
  [/alert .*certificate|alert unknown ca/i, () => 'ssl.cert and ssl.key, which the broker does not accept'],
  [/altnames/, () => "ssl.servername, and the names in the broker's certificate"],
  [/certificate|issuer/, () => 'ssl.ca, and how long the certificate of the broker is valid'],
  [/wrong version number|secure TLS connection/, () => 'that the broker expects TLS at this port (ssl)'],
  [/^Closed connection$/, () => 'that ssl and sasl are as the broker expects them, if this goes on'],
];

/** What failed, in one line, and which options to check where they may be the reason. */
export function describeConnectionFailure({ message }: Error, security: Security): string {
  const text = inOneLine(message);
  const advice = advices.find(([pattern]) => pattern.test(text));
  return advice ? `${text}; check ${advice[1](security)}` : text;
}

/** OpenSSL's `80CC…:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:../file.c:1601:…` */
function inOneLine(message: string): string {
  return message.replace(/\w+:error:\w+:SSL routines:[^:]*:([^:]*):.*/s, '$1').trim();
}

function signOnOptions(sasl: ConnectionSettings['sasl']): string {
  if (!sasl) return 'sasl';
  return sasl.mechanism === 'oauthbearer' ? 'sasl.tokenProvider' : 'sasl.mechanism, sasl.username and sasl.password';
}
