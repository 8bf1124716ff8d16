/**
 * An address that a person gave, as it may stand in errors and logs: whatever may be a secret is ***, even
 * where the address is malformed, as it is with a password whose /, @ or ? was not escaped.
 */
export function shownAddress(text: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? '';
  const rest = text.slice(scheme.length);
  const at = rest.lastIndexOf('@');
  // An @ behind a question mark may be of the login or of a parameter: then either side may be the secret.
  if (/[?#]/.test(rest.slice(0, Math.max(at, 0)))) return `${scheme}***`;
  const place = rest.slice(at + 1);
  // Without a scheme it may be a list of NAME=VALUE, as Postgres has them.
  const end = place.search(scheme === '' ? /[?#=]/ : /[?#]/);
  const shown = end === -1 ? place : `${place.slice(0, end + 1)}***`;
  return `${scheme}${at === -1 ? '' : '***@'}${shown}`;
}
