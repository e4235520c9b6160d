/**
 * Splits SQL into tokens by PostgreSQL's own lexical rules (manual, section 4.1), so that a word in a literal, a quoted
 * name or a comment is never taken for SQL. Under standard_conforming_strings, which every session sets.
 */

export interface Token {
  /** `literal` covers all strings, `parameter` is $1. */
  readonly kind: 'word' | 'quoted' | 'literal' | 'number' | 'parameter' | 'symbol';
  readonly text: string;
  readonly start: number;
}

export interface Tokens {
  readonly tokens: readonly Token[];
  /** What begins and never ends, or a comment to the end of the line, which would swallow what follows. */
  readonly broken: string | null;
}

const SPACE = /[ \t\r\n\f\v]+/y;
const LINE_COMMENT = /--[^\r\n]*/y;
// A string goes on in the next line's string; an escape string as an escape string.
const ESCAPE_STRING = /[eE]'(?:[^'\\]|''|\\[^])*'(?:[ \t\f\v]*[\r\n]\s*'(?:[^'\\]|''|\\[^])*')*/y;
const STRING = /(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'/y;
const QUOTED = /(?:[uU]&)?"(?:[^"]|"")*"/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const PARAMETER = /\$\d+/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER = /(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y;
const SYMBOL = /::|[^]/y;

const KINDS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['literal', ESCAPE_STRING],
  ['literal', STRING],
  ['quoted', QUOTED],
  ['parameter', PARAMETER],
  ['word', WORD],
  ['number', NUMBER],
  ['symbol', SYMBOL],
];

export function sqlTokens(sql: string): Tokens {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const text = pattern.exec(sql)?.[0] ?? null;
    if (text !== null) at += text.length;
    return text;
  };
  while (at < sql.length) {
    const start = at;
    if (take(SPACE) !== null) continue;
    if (take(LINE_COMMENT) !== null) {
      if (at < sql.length) continue;
      return { tokens, broken: 'a comment to the end of the line' };
    }
    if (sql.startsWith('/*', at)) {
      at = afterComment(sql, at);
      if (at < 0) return { tokens, broken: 'a comment that does not end' };
      continue;
    }
    const tag = take(DOLLAR_TAG);
    if (tag !== null) {
      const end = sql.indexOf(tag, at);
      if (end < 0) return { tokens, broken: 'a string that does not end' };
      at = end + tag.length;
      tokens.push({ kind: 'literal', text: sql.slice(start, at), start });
      continue;
    }
    for (const [kind, pattern] of KINDS) {
      const text = take(pattern);
      if (text === null) continue;
      if (text === "'") return { tokens, broken: 'a string that does not end' };
      if (text === '"') return { tokens, broken: 'a quoted name that does not end' };
      tokens.push({ kind, text, start });
      break;
    }
  }
  return { tokens, broken: null };
}

/** Comments nest. */
function afterComment(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length; at++) {
    const two = sql.slice(at, at + 2);
    if (two === '/*') depth++;
    else if (two === '*/') depth--;
    else continue;
    at++;
    if (depth === 0) return at + 1;
  }
  return -1;
}

const unquoted = ({ kind, text }: Token): string =>
  kind === 'quoted' ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase();

/** Names that are followed by a parenthesis: functions, and a few words of the grammar. */
export const calledNames = (tokens: readonly Token[]): readonly string[] => [
  ...new Set(
    tokens.flatMap((token, i) =>
      (token.kind === 'word' || token.kind === 'quoted') && tokens[i + 1]?.text === '(' ? [unquoted(token)] : [],
    ),
  ),
];
