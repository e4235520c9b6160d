/** Lays generated SQL out for reading: a line a clause, nested queries indented. Only blanks between tokens are changed. */
import { sqlTokens, type Token } from '../map-check/sql-tokens.ts';

/** Lines longer than this are broken at the next comma, or before the next word that joins parts. */
const WIDTH = 100;
const JOINS = /^(and|or|when|else)$/i;

const CLAUSES =
  /^(with|select|insert|update|delete|from|where|group|order|limit|set|values|returning|on|left|cross|join)$/i;
const QUERY = /^(with|select|insert|update|delete|values)$/i;
/** Words after which a clause word is none: FOR UPDATE, DO UPDATE SET, DISTINCT FROM, DELETE FROM, LEFT JOIN, ORDER BY in a list. */
const CONTINUES: Readonly<Record<string, RegExp>> = {
  from: /^(distinct|delete)$/i,
  update: /^(for|do|key)$/i,
  delete: /^(on|for|commit)$/i,
  set: /^update$/i,
  join: /^(left|cross|inner)$/i,
};

function beginsClause(token: Token, before: Token | undefined, next: Token | undefined): boolean {
  if (token.kind !== 'word' || !CLAUSES.test(token.text)) return false;
  const word = token.text.toLowerCase();
  // ON CONFLICT is a clause; the ON of a join stays beside it. LEFT and CROSS may be names of functions.
  if (word === 'on') return next?.text.toLowerCase() === 'conflict';
  if (word === 'left' || word === 'cross') return next?.text.toLowerCase() === 'join';
  if (before?.kind === 'symbol' && before.text === '.') return false;
  return before === undefined || CONTINUES[word]?.test(before.text) !== true;
}

export function layoutSql(sql: string): string {
  const { tokens, broken } = sqlTokens(sql);
  if (broken !== null) return sql;
  // For every open parenthesis, whether a query stands in it.
  const open: boolean[] = [];
  let [text, line] = ['', ''];
  let end = 0;
  const breakLine = (): void => {
    text += `${line.trimEnd()}\n`;
    line = '  '.repeat(open.length);
  };
  tokens.forEach((token, i) => {
    const between = sql.slice(end, token.start);
    end = token.start + token.text.length;
    const closesQuery = token.text === ')' && open.at(-1) === true;
    if (token.text === ')') open.pop();
    const isOuter = open.every(Boolean);
    if (/\S/.test(between)) line += between;
    else if (isOuter && (closesQuery || (beginsClause(token, tokens[i - 1], tokens[i + 1]) && line.trim() !== '')))
      breakLine();
    else if (between !== '' && line.length > WIDTH && (tokens[i - 1]?.text === ',' || JOINS.test(token.text)))
      breakLine();
    else if (between !== '' && line.trim() !== '') line += ' ';
    line += token.text;
    if (token.text === '(') open.push(QUERY.test(tokens[i + 1]?.text ?? ''));
    if (token.text === ';') breakLine();
  });
  return (text + line).replaceAll(/[ \t]+$/gm, '').trim();
}
