import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../protocol/errors.js';
import { type Exchange, type Users } from './exchange.js';

type Hash = 'sha256' | 'sha512';

/** The least that Kafka accepts; enough for users of a test. */
const ITERATIONS = 4096;
const GS2_HEADER = /^[nyp][^,]*,[^,]*,/;

/** RFC 5802, the server's side: challenge, then proof for proof. */
export function scram(hash: Hash, users: Users): Exchange {
  let finish: ((final: string) => string) | undefined;
  return (message) => {
    const text = message.toString('utf8');
    if (finish) return { answer: Buffer.from(finish(text)), done: true };
    const challenge = open(hash, users, text);
    finish = challenge.finish;
    return { answer: Buffer.from(challenge.first), done: false };
  };
}

function open(hash: Hash, users: Users, message: string) {
  const clientFirst = message.replace(GS2_HEADER, '');
  const { n: name = '', r: clientNonce = '' } = attributes(clientFirst);
  const user = name.replaceAll('=2C', ',').replaceAll('=3D', '=');
  if (!Object.hasOwn(users, user)) throw failed();
  const salt = randomBytes(16);
  const nonce = clientNonce + randomBytes(16).toString('hex');
  const first = `r=${nonce},s=${salt.toString('base64')},i=${ITERATIONS}`;
  const salted = pbkdf2Sync(users[user] as string, salt, ITERATIONS, hash === 'sha256' ? 32 : 64, hash);
  const finish = (final: string) => {
    const { c = '', r, p = '' } = attributes(final);
    if (r !== nonce) throw failed();
    return prove(hash, salted, `${clientFirst},${first},c=${c},r=${nonce}`, p);
  };
  return { first, finish };
}

/** Checks the client's proof and gives the server's. */
function prove(hash: Hash, salted: Buffer, authMessage: string, proof: string): string {
  const clientKey = hmac(hash, salted, 'Client Key');
  const storedKey = createHash(hash).update(clientKey).digest();
  const signature = hmac(hash, storedKey, authMessage);
  const expected = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] as number)));
  const given = Buffer.from(proof, 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw failed();
  return `v=${hmac(hash, hmac(hash, salted, 'Server Key'), authMessage).toString('base64')}`;
}

function attributes(message: string): Partial<Record<string, string>> {
  return Object.fromEntries(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]));
}

function hmac(hash: Hash, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest();
}

function failed(): Refusal {
  return new Refusal('SASL_AUTHENTICATION_FAILED', 'Authentication failed: Invalid username or password');
}
