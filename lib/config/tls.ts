import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describeValue } from './describe-value.js';
import type { ConfigFault } from './kafka-config.error.js';
import { isMapping, type Mapping } from './mapping.js';

interface PemOption {
  name: 'ca' | 'cert' | 'key';
  expected: string;
  change: string;
  /** Throws for what Node would take in silence (`ca`) or only trip over at the first connection (`key`). */
  parse: (pem: string, ssl: Mapping) => unknown;
}

const certificate = {
  expected: 'a PEM certificate',
  change: 'Give a whole PEM block, with real line breaks.',
  parse: (pem: string) => new X509Certificate(pem),
};

const privateKey = {
  expected: 'a PEM private key, with its passphrase if it is encrypted',
  change: 'Give a whole PEM block, with real line breaks, and the passphrase in ssl.passphrase.',
  parse: (key: string, { passphrase }: Mapping) => createPrivateKey({ key, passphrase: passphrase as string }),
};

const pemOptions: PemOption[] = [
  { name: 'ca', ...certificate },
  { name: 'cert', ...certificate },
  { name: 'key', ...privateKey },
];

/** The TLS settings with the text of certificates and keys in place of paths, and the faults of those not to be had. */
export function readTls(ssl: unknown): { ssl: unknown; faults: ConfigFault[] } {
  if (!isMapping(ssl)) return { ssl, faults: [] };
  const read = { ...ssl };
  return { ssl: read, faults: pemOptions.flatMap((option) => readPem(read, option) ?? []) };
}

function readPem(ssl: Mapping, option: PemOption): ConfigFault | undefined {
  const given = ssl[option.name];
  if (typeof given !== 'string' || given.trim() === '') return undefined;
  const path = `ssl.${option.name}`;
  try {
    ssl[option.name] = isPem(given) ? given : readFileSync(given, 'utf8');
  } catch (error) {
    return unreadable(path, given, error);
  }
  if (canBeParsed(ssl, option)) return undefined;
  const received = isPem(given) ? 'PEM text that is none' : 'the path of a file that holds none';
  return { path, received, expected: option.expected, change: option.change };
}

function isPem(text: string): boolean {
  return text.includes('-----BEGIN ');
}

function canBeParsed(ssl: Mapping, { name, parse }: PemOption): boolean {
  try {
    parse(ssl[name] as string, ssl);
    return true;
  } catch {
    // OpenSSL's error is left out on purpose: it says less than the fault does.
    return false;
  }
}

function unreadable(path: string, given: string, error: unknown): ConfigFault {
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  const received = `${describeValue(path, given)}, which cannot be read (${code})`;
  const change = 'Correct the path or the rights of the file.';
  return { path, received, expected: 'PEM text or the path of a readable file', change };
}
