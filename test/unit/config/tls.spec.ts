import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { validateOptions } from '../../../lib/config/validate-options.js';
import { certificate, faultLinesOf, Workspace } from './support.js';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const encrypted = { cipher: 'aes-256-cbc', passphrase: 'open sesame' };
const encryptedKey = privateKey.export({ type: 'pkcs8', format: 'pem', ...encrypted }) as string;

const keyAdvice = 'Give a whole PEM block, with real line breaks, and the passphrase in ssl.passphrase.';
const certificateAdvice = 'Give a whole PEM block, with real line breaks.';

let workspace: Workspace;

beforeEach(() => {
  workspace = new Workspace();
});

afterEach(() => workspace.remove());

function settingsOf(ssl: unknown) {
  return validateOptions({ brokers: ['a:1'], ssl }).ssl;
}

function faultsOf(ssl: object): string[] {
  return faultLinesOf(() => settingsOf(ssl));
}

it.each([true, false])('ssl: %s stays as it is', (ssl) => {
  expect(settingsOf(ssl)).toBe(ssl);
});

it('takes PEM text', () => {
  expect(settingsOf({ ca: certificate, cert: certificate, key })).toEqual({
    ca: certificate,
    cert: certificate,
    key,
    rejectUnauthorized: true,
  });
});

it('reads PEM text from files', () => {
  const ca = workspace.write('ca.pem', certificate);
  const keyFile = workspace.write('key.pem', encryptedKey);
  const { passphrase } = encrypted;
  expect(settingsOf({ ca, cert: ca, key: keyFile, passphrase })).toMatchObject({
    ca: certificate,
    cert: certificate,
    key: encryptedKey,
    passphrase,
  });
});

describe('faults', () => {
  it('a certificate without a key, and a key without a certificate', () => {
    expect(faultsOf({ cert: certificate })).toEqual([
      'ssl.key: expected a value beside ssl.cert, got nothing. Mutual TLS takes both: give it, or remove ssl.cert.',
    ]);
    expect(faultsOf({ key })).toEqual([
      'ssl.cert: expected a value beside ssl.key, got nothing. Mutual TLS takes both: give it, or remove ssl.key.',
    ]);
  });

  it('a path that does not exist', () => {
    const ca = join(workspace.path, 'gone.pem');
    expect(faultsOf({ ca })).toEqual([
      `ssl.ca: expected PEM text or the path of a readable file, got "${ca}", which cannot be read (ENOENT). ` +
        'Correct the path or the rights of the file.',
    ]);
  });

  it('a path that cannot be read', () => {
    expect(faultsOf({ ca: workspace.path })).toEqual([
      `ssl.ca: expected PEM text or the path of a readable file, got "${workspace.path}", which cannot be read (EISDIR). ` +
        'Correct the path or the rights of the file.',
    ]);
  });

  it('a key that is neither PEM text nor a path is not shown', () => {
    expect(faultsOf({ cert: certificate, key: 'MIGHAgEAMBMGByqGSM49' })).toEqual([
      'ssl.key: expected PEM text or the path of a readable file, got a text (hidden), which cannot be read (ENOENT). ' +
        'Correct the path or the rights of the file.',
    ]);
  });

  it('a file without a certificate', () => {
    expect(faultsOf({ ca: workspace.write('ca.pem', 'nothing') })).toEqual([
      `ssl.ca: expected a PEM certificate, got the path of a file that holds none. ${certificateAdvice}`,
    ]);
  });

  it('PEM text whose line breaks were lost', () => {
    expect(faultsOf({ ca: certificate.replaceAll('\n', '\\n') })).toEqual([
      `ssl.ca: expected a PEM certificate, got PEM text that is none. ${certificateAdvice}`,
    ]);
  });

  it.each([undefined, 'wrong'])('an encrypted key with the passphrase %s', (passphrase) => {
    expect(faultsOf({ cert: certificate, key: encryptedKey, passphrase })).toEqual([
      'ssl.key: expected a PEM private key, with its passphrase if it is encrypted, got PEM text that is none. ' +
        keyAdvice,
    ]);
  });
});
