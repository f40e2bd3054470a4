import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { loadKafkaOptions } from '../../../lib/config/load-options.js';
import { validateOptions } from '../../../lib/config/validate-options.js';
import { certificate, errorOf, faultLinesOf, Workspace } from './support.js';

const secret = 'hunter2';
const key = `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`;

let workspace: Workspace;

beforeEach(() => {
  workspace = new Workspace();
});

afterEach(() => workspace.remove());

/** All that a logger, a serializer or a debugger would show of the error. */
function everythingShownBy(action: () => unknown): string {
  const error = errorOf(action);
  return [String(error), error.stack, inspect(error, { depth: null, showHidden: true }), JSON.stringify(error)].join(
    '\n',
  );
}

describe('options given in code', () => {
  it.each<[string, object]>([
    ['a good password beside faults', { sasl: { mechanism: 'plan', username: 'u', password: secret } }],
    ['a password that is a list', { sasl: { mechanism: 'plain', username: 'u', password: [secret] } }],
    ['a misspelt password', { sasl: { mechanism: 'plain', username: 'u', pasword: secret } }],
    ['a text in place of sasl', { sasl: `u:${secret}` }],
    ['a list in place of sasl', { sasl: [secret] }],
    ['a password outside sasl', { password: secret }],
    ['a password for oauthbearer', { sasl: { mechanism: 'oauthbearer', password: secret } }],
    ['a key that is no PEM', { ssl: { cert: certificate, key: secret } }],
    ['a key that is broken', { ssl: { cert: certificate, key } }],
    ['a key in place of ssl', { ssl: key }],
    ['a piece of a key in place of ssl', { ssl: `-----BEGIN KEY-----${secret}` }],
    ['a key in place of ca', { ssl: { ca: key } }],
    ['a wrong passphrase', { ssl: { cert: certificate, key, passphrase: secret } }],
    ['a broker with credentials', { brokers: [`kafka://user:${secret}@host:9092`] }],
    ['a broker with credentials and no scheme', { brokers: [`user:${secret}@host:9092`] }],
    ['a broker with a secret that has an @', { brokers: [`kafka://user:a@${secret}@host:9092`] }],
    ['a broker with a secret that has a /', { brokers: [`kafka://user:a/${secret}@host:9092`] }],
    ['a broker with a query', { brokers: [`kafka://host:9092?password=${secret}`] }],
    ['brokers as one text', { brokers: `kafka://u:${secret}@a:1,kafka://u:${secret}@b:2` }],
  ])('%s', (_, options) => {
    const validate = () => validateOptions({ brokers: ['a:1'], group: 5, ...options });
    expect(everythingShownBy(validate)).toContain('group');
    expect(everythingShownBy(validate)).not.toContain(secret);
    expect(errorOf(validate).cause).toBeUndefined();
  });

  it('a number as a password or passphrase tells its kind', () => {
    const sasl = { mechanism: 'plain', username: 'u', password: 12345 };
    const text = 'expected a text that is not blank, got a number (hidden).';
    const advice = 'Write text; in YAML, put one that looks like a number in quotes.';
    expect(faultLinesOf(() => validateOptions({ brokers: ['a:1'], ssl: { passphrase: 12345 }, sasl }))).toEqual([
      `ssl.passphrase: ${text} ${advice}`,
      `sasl.password: ${text} ${advice}`,
    ]);
  });

  it('a broker keeps what helps to find it', () => {
    expect(faultLinesOf(() => validateOptions({ brokers: [`kafka://user:${secret}@host:9092`] }))).toEqual([
      'brokers[0]: expected "host:port", got "kafka://***@host:9092". ' +
        'Leave out the scheme; credentials belong in sasl, TLS in ssl.',
    ]);
  });

  it('a username is no secret', () => {
    const sasl = { mechanism: 'plain', username: ' ', password: secret };
    const [line] = faultLinesOf(() => validateOptions({ brokers: ['a:1'], sasl }));
    expect(line).toContain('got " "');
  });
});

describe('the file', () => {
  it.each([
    ['an alias', `password: *${secret}`],
    ['a tag', `password: !${secret}`],
    ['a tag handle', `password: !${secret}!x`],
    ['a verbatim tag', `password: !<${secret} x>`],
    ['a reserved character', `password: @${secret}`],
    ['an escape', `password: "\\q${secret}"`],
    ['an open quote', `password: "${secret}`],
    ['a colon', `password: a: ${secret}`],
  ])('with %s for a password that was not put in quotes', (_, line) => {
    workspace.write('config.yaml', `kafka:\n  sasl:\n    ${line}\n`);
    const shown = everythingShownBy(() => loadKafkaOptions({}, workspace.path));
    expect(shown).toMatch(/syntax error at line \d, column \d+/);
    expect(shown).not.toContain(secret);
  });

  it('that is a text', () => {
    workspace.write('config.yaml', secret);
    expect(everythingShownBy(() => loadKafkaOptions({}, workspace.path))).not.toContain(secret);
  });
});

describe('the environment', () => {
  it.each([
    { KAFKA_SASL_PASSWORD: secret },
    { KAFKA_SSL_KEY: secret },
    { KAFKA_SSL_KEY: key },
    { KAFKA_SSL_PASSPHRASE: secret },
    { KAFKA_BROKERS: `kafka://user:${secret}@host:9092` },
    { KAFKA_SSL: key },
  ])('%j', (env) => {
    const load = () => loadKafkaOptions({ KAFKA_GROUP: ' ', ...env }, workspace.path);
    expect(everythingShownBy(load)).not.toContain(secret);
  });
});
