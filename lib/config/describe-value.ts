import { isMapping } from './mapping.js';

/** A text in place of the whole options or of `sasl` may well be a credential. */
const SECRETS = ['', 'sasl', 'sasl.password', 'ssl.key', 'ssl.passphrase'];
const LONGEST_SHOWN = 60;

/** What stands in a fault for a value that is absent. */
export const NOTHING = 'nothing';

/** What came at a path, in words that may stand in a log. */
export function describeValue(path: string, value: unknown): string {
  if (value === undefined || value === null) return NOTHING;
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return kindOf(value);
  if (SECRETS.includes(path)) return `${kindOf(value)} (hidden)`;
  return typeof value === 'string' ? describeText(value) : String(value);
}

function describeText(text: string): string {
  if (text.includes('-----BEGIN')) return 'PEM text (hidden)';
  const shown = withoutCredentials(text);
  return shown.length > LONGEST_SHOWN ? `a text of ${text.length} characters` : JSON.stringify(shown);
}

function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@').replace(/\?.*$/s, '?***');
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (isMapping(value)) return 'a mapping';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}
