/**
 * Credentials in an address; those whose password has a `/`, `?` or `#` that should have been encoded, but no port with a path;
 * what follows on the name of a scheme of HTTP's authorization.
 */
const secrets: readonly [RegExp, string][] = [
  [/([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#"'`]*@/gi, '$1***@'],
  [/([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#:@[\]"'`]*:(?!\d*[/?#])[^\s"'`]{0,256}@/gi, '$1***@'],
  [/\b(basic|bearer) [a-z0-9+/._~-]{8,}=*/gi, '$1 ***'],
];

/** The errors of others may quote the address of a database, or the header of a request. */
export function withoutSecrets(text: string): string {
  return secrets.reduce((shown, [pattern, replacement]) => shown.replace(pattern, replacement), text);
}
