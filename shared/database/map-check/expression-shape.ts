/** Whether a text of the mapping is one SQL expression, before any server sees it. */
import { sqlTokens, type Token } from './sql-tokens.ts';

/** Words that begin a query, which stands for its one value; its commas are its own. */
const QUERY = /^(select|with|values|table)$/i;

/** What keeps the text from being one expression, or null. */
export function shapeFault(sql: string): string | null {
  const { tokens, broken } = sqlTokens(sql);
  if (broken !== null) return broken;
  const [first] = tokens;
  if (first === undefined) return 'an empty expression';
  const isQuery = first.kind === 'word' && QUERY.test(first.text);
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === 'parameter') return `a parameter (${token.text}), which nothing fills`;
    if (token.kind !== 'symbol') continue;
    const { text } = token;
    if (text === ';') return 'more than one statement: a semicolon outside of a string';
    if (text === '(' || text === '[') depth++;
    if (text === ')' || text === ']') depth--;
    if (depth < 0) return 'a parenthesis that closes and was never opened';
    if (text === ',' && depth === 0 && !isQuery) return 'several expressions: a comma outside of parentheses';
  }
  return depth > 0 ? 'a parenthesis that opens and is never closed' : null;
}

const MOMENT = /^(date|time|timetz|timestamp|timestamptz)$/i;
const MOVING = /^'\s*(now|today|tomorrow|yesterday)\b.*'$/is;

/** `'today'::date` or `date 'today'`: the server reads such a literal as the moment of the statement. */
export function movingLiteral(sql: string): string | null {
  const { tokens } = sqlTokens(sql);
  const isMoment = (token: Token | undefined): boolean => token?.kind === 'word' && MOMENT.test(token.text);
  const found = tokens.find(
    ({ kind, text }, i) =>
      kind === 'literal' &&
      MOVING.test(text) &&
      (isMoment(tokens[i - 1]) || (tokens[i + 1]?.text === '::' && isMoment(tokens[i + 2]))),
  );
  return found?.text ?? null;
}
