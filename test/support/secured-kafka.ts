import { startApacheKafka } from '../../lib/testing/apache-kafka.js';
import { freePorts } from '../../lib/testing/apache/free-ports.js';
import { certificateAuthority, certificateFor, privateKeyPem, type Identity } from './certificates.js';

/** Known to all mechanisms. */
export const alice = { username: 'alice', password: 'correct horse' };

/** How long a session of the listener with short sessions lasts. */
export const sessionMs = 3_000;

const loginModules = 'org.apache.kafka.common.security';
const plainLogin = `${loginModules}.plain.PlainLoginModule required user_${alice.username}="${alice.password}";`;
const scramLogin = `${loginModules}.scram.ScramLoginModule required;`;
const oauthLogin = `${loginModules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`;

/** A broker that listens in every way, each on a port of its own, and what its clients need. */
export interface SecuredKafka {
  /** `host:port` */
  open: string;
  tls: string;
  mutualTls: string;
  saslOverTls: string;
  shortSessions: string;

  authority: Identity;
  stop(): Promise<void>;
}

/** One broker for all: its start is what takes time. */
export async function startSecuredKafka(): Promise<SecuredKafka> {
  const authority = certificateAuthority('authority of the tests');
  const [open, controller, tls, mutualTls, saslOverTls, shortSessions] = await freePorts(6);
  const listeners = { PLAINTEXT: open!, TLS: tls!, MUTUAL: mutualTls!, SASL: saslOverTls!, SHORT: shortSessions! };
  const kafka = await startApacheKafka({
    ports: async () => [open!, controller!],
    properties: { ...listening(listeners, controller!), ...encryption(authority), ...authentication() },
    scramUsers: (['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const).map((mechanism) => ({
      mechanism,
      name: alice.username,
      password: alice.password,
    })),
  });
  return {
    open: at(open!),
    tls: at(tls!),
    mutualTls: at(mutualTls!),
    saslOverTls: at(saslOverTls!),
    shortSessions: at(shortSessions!),
    authority,
    stop: () => kafka.stop(),
  };
}

function at(port: number): string {
  return `127.0.0.1:${port}`;
}

function listening(ports: Record<string, number>, controller: number): Record<string, string> {
  const listeners = Object.entries(ports).map(([name, port]) => `${name}://${at(port)}`);
  return {
    listeners: [...listeners, `CONTROLLER://${at(controller)}`].join(','),
    'advertised.listeners': listeners.join(','),
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,TLS:SSL,MUTUAL:SSL,SASL:SASL_SSL,SHORT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
  };
}

function encryption(authority: Identity): Record<string, string> {
  const broker = certificateFor('broker', authority);
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.key': privateKeyPem(broker),
    'ssl.keystore.certificate.chain': broker.cert,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': authority.cert,
    'listener.name.mutual.ssl.client.auth': 'required',
  };
}

function authentication(): Record<string, string> {
  return {
    'listener.name.sasl.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'listener.name.sasl.plain.sasl.jaas.config': plainLogin,
    'listener.name.sasl.scram-sha-256.sasl.jaas.config': scramLogin,
    'listener.name.sasl.scram-sha-512.sasl.jaas.config': scramLogin,
    'listener.name.sasl.oauthbearer.sasl.jaas.config': oauthLogin,
    'listener.name.short.sasl.enabled.mechanisms': 'SCRAM-SHA-256,OAUTHBEARER',
    'listener.name.short.connections.max.reauth.ms': String(sessionMs),
    'listener.name.short.scram-sha-256.sasl.jaas.config': scramLogin,
    'listener.name.short.oauthbearer.sasl.jaas.config': oauthLogin,
  };
}

/** A token without a signature (RFC 7515), which Kafka takes unless it is told whom to trust. */
export function unsecuredToken(claims: { lifetimeMs: number }): string {
  const seconds = Date.now() / 1000;
  const payload = { sub: alice.username, iat: seconds, exp: seconds + claims.lifetimeMs / 1000 };
  return `${base64url({ alg: 'none' })}.${base64url(payload)}.`;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
