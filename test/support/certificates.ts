import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** A certificate and its private key. */
export interface Identity {
  /** The common name. */
  name: string;

  /** PEM text. */
  cert: string;
  key: KeyObject;
}

const lifetimeMs = 3_600_000;

/** A certificate authority of its own, trusted by nobody yet. */
export function certificateAuthority(name: string): Identity {
  return issue(name, undefined, sequence(oid.basicConstraints, critical, octets(sequence(boolean(true)))));
}

/** A certificate for 127.0.0.1, or for a client there. */
export function certificateFor(name: string, authority: Identity): Identity {
  const ipAddress = der(0x87, Buffer.from([127, 0, 0, 1]));
  return issue(name, authority, sequence(oid.subjectAltName, octets(sequence(ipAddress))));
}

/** The private key as PEM text, encrypted if there is a passphrase. */
export function privateKeyPem({ key }: Identity, passphrase?: string): string {
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return key.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString();
}

/** Node signs, but makes no certificates: this is X.509 (RFC 5280) as far as TLS needs it. */
function issue(name: string, authority: Identity | undefined, extension: Buffer): Identity {
  const { privateKey: key, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    signatureAlgorithm,
    distinguishedName(authority?.name ?? name),
    sequence(time(Date.now() - lifetimeMs), time(Date.now() + lifetimeMs)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension)),
  );
  const signature = sign('sha256', toBeSigned, authority?.key ?? key);
  const certificate = sequence(toBeSigned, signatureAlgorithm, der(0x03, Buffer.from([0]), signature));
  return { name, key, cert: pem(certificate) };
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** Tag, length, content: the distinguished encoding rules of ASN.1. */
function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(body.length)]), body]);
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function sequence(...members: Buffer[]): Buffer {
  return der(0x30, ...members);
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function boolean(value: boolean): Buffer {
  return der(0x01, Buffer.from([value ? 0xff : 0]));
}

function octets(content: Buffer): Buffer {
  return der(0x04, content);
}

/** `YYMMDDhhmmssZ` */
function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/\D/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid.commonName, der(0x0c, Buffer.from(commonName)))));
}

const oid = {
  basicConstraints: der(0x06, Buffer.from('551d13', 'hex')),
  commonName: der(0x06, Buffer.from('550403', 'hex')),
  ecdsaWithSha256: der(0x06, Buffer.from('2a8648ce3d040302', 'hex')),
  subjectAltName: der(0x06, Buffer.from('551d11', 'hex')),
};

const critical = boolean(true);
const signatureAlgorithm = sequence(oid.ecdsaWithSha256);
