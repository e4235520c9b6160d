/** Takes secrets out of whatever is about to be logged or printed. */

const SECRET_FIELD = /passw|pwd|secret|token|credential|authorization|api_?key|hash_?key/i;
/** `scheme://user:password@` */
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@]+@/gi;
/** `password=...` and `password: ...`, as in connection strings; also PGPASSWORD and *_DB_PASSWORD. */
const WORD_PASSWORD = /(passw(?:or)?d["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)/gi;

const HIDDEN = '***';
/** Deeper than any line of ours; a cycle ends here too. */
const DEEPEST = 8;

/** The same text without passwords. */
export const redactedText = (text: string): string =>
  text.replace(URL_PASSWORD, `$1${HIDDEN}@`).replace(WORD_PASSWORD, `$1${HIDDEN}`);

/** The same value without secrets, as plain data that JSON can hold. */
export function redacted(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactedText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (depth === DEEPEST) return '...';
  if (Array.isArray(value)) return value.map((each) => redacted(each, depth + 1));
  const entries = value instanceof Error ? errorFields(value) : Object.entries(value);
  return Object.fromEntries(
    entries.map(([field, each]) => [field, hides(field, each) ? HIDDEN : redacted(each, depth + 1)]),
  );
}

/** A secret's ARN is an address, and a count of tokens is a number: neither is a secret. */
const hides = (field: string, value: unknown): boolean =>
  SECRET_FIELD.test(field) &&
  !/arn$/i.test(field) &&
  (typeof value === 'string' || typeof value === 'object') &&
  value !== null;

/** Name, message and our facts; what a driver hangs on an error (rows, parameters) stays out. */
function errorFields(error: Error): [string, unknown][] {
  const facts = 'facts' in error ? [['facts', error.facts] as [string, unknown]] : [];
  return [['name', error.name], ['message', error.message], ...facts, ['stack', error.stack]];
}
