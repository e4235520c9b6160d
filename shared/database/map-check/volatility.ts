/**
 * Expressions whose value changes though the row does not (SEMANTICS 4). The planner is asked, since only it knows which
 * function each name, operator and cast means:
 *
 * 1. It never merges a subquery into its query when a column of the subquery is volatile (is_simple_subquery in
 *    prepjointree.c looks at provolatile through operators, casts, subselects and views). So the expressions stand in a
 *    subquery, and a Subquery Scan in the plan says that one of them is volatile.
 * 2. now() and its kin are only STABLE to the planner. EXPLAIN VERBOSE prints what is going to be evaluated, with views and
 *    SQL functions opened (age(x) shows CURRENT_DATE): the clock is looked for there. What a view's own filter says is
 *    no fault of the mapping, so lines of the plan without any expression do not count.
 * 3. 'today'::date is a constant by then: such literals are looked for in the text.
 *
 * What stays unseen is a function that its author declared more stable than it is.
 */
import { qualifiedName } from '../../domain/identifiers.ts';
import type { Session } from '../session.ts';
import type { CheckedEntity } from './checked-entity.ts';
import { movingLiteral } from './expression-shape.ts';
import type { Expression } from './expressions.ts';
import { fault, type CatalogFault } from './faults.ts';
import { shown } from './source-faults.ts';
import { calledNames, sqlTokens } from './sql-tokens.ts';

/** STABLE, with another value in every transaction. */
const CLOCK_FUNCTIONS: ReadonlySet<string> = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'txid_current',
  'txid_current_if_assigned',
  'txid_current_snapshot',
  'pg_current_xact_id',
  'pg_current_xact_id_if_assigned',
  'pg_current_snapshot',
]);
/** As the server prints them: a column of that name would be quoted. */
const CLOCK_WORDS = /^(CURRENT_DATE|CURRENT_TIME|CURRENT_TIMESTAMP|LOCALTIME|LOCALTIMESTAMP)$/;

const ALIAS = 'portage_check';

interface Findings {
  readonly isVolatile: boolean;
  readonly clocks: readonly string[];
}

/** The expressions are known to be sound. */
export async function volatilityFaults(
  source: Session,
  checked: CheckedEntity,
  expressions: readonly Expression[],
): Promise<CatalogFault[]> {
  const asked = expressions.filter(({ onInsertOnly }) => !onInsertOnly);
  if (asked.length === 0) return [];
  const steady = (found: Findings): boolean => !found.isVolatile && found.clocks.length === 0;
  const moving = asked.filter(({ sql }) => movingLiteral(sql) !== null);
  if (moving.length === 0 && steady(await look(source, checked, asked, []))) return [];
  const faults: CatalogFault[] = [];
  const background = await planTexts(source, checked, []);
  for (const expression of asked) {
    const literal = movingLiteral(expression.sql);
    const found = await look(source, checked, [expression], background);
    if (steady(found) && literal === null) continue;
    const names = [
      ...found.clocks,
      ...(found.isVolatile ? await volatileNames(source, expression) : []),
      ...(literal === null ? [] : [literal]),
    ];
    faults.push(
      fault(
        expression.path,
        `the value changes though the row does not: ${names.join(', ')}`,
        shown(expression.sql),
        `an expression of the row alone${expression.isColumn ? ', or "onInsertOnly": true' : ''}`,
      ),
    );
  }
  return faults;
}

async function look(
  source: Session,
  checked: CheckedEntity,
  expressions: readonly Expression[],
  background: readonly string[],
): Promise<Findings> {
  const texts = await planTexts(source, checked, expressions);
  const clocks = texts.filter((text) => !background.includes(text)).flatMap(clocksIn);
  return { isVolatile: texts.includes(ALIAS), clocks: [...new Set(clocks)] };
}

/** Every text of the plan. Its Alias entries are texts too, so the subquery's name is among them when it was kept. */
async function planTexts(
  source: Session,
  { normal }: CheckedEntity,
  expressions: readonly Expression[],
): Promise<readonly string[]> {
  const columns = ['1 AS x', ...expressions.map(({ typed }, i) => `${typed} AS x${i}`)].join(', ');
  // One column more than the subquery has, or a scan that only passes rows on would be left out of the plan.
  const text = `EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT ${ALIAS}.*, 2 FROM (SELECT ${columns} FROM ${qualifiedName(normal.source.relation)} AS s) AS ${ALIAS}`;
  const row = await source.one<{ 'QUERY PLAN': string }>(text);
  return textsIn(JSON.parse(row['QUERY PLAN']));
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function clocksIn(text: string): readonly string[] {
  const { tokens } = sqlTokens(text);
  return tokens.flatMap((token, i) => {
    if (token.kind !== 'word') return [];
    if (CLOCK_WORDS.test(token.text)) return [token.text];
    const isCall = tokens[i + 1]?.text === '(' && tokens[i - 1]?.text !== '.';
    return isCall && CLOCK_FUNCTIONS.has(token.text) ? [`${token.text}()`] : [];
  });
}

/** For the message alone: which of the names that are called belongs to a volatile function. */
async function volatileNames(source: Session, { sql }: Expression): Promise<readonly string[]> {
  const called = calledNames(sqlTokens(sql).tokens);
  const rows = await source.rows<{ name: string }>(
    "SELECT DISTINCT proname AS name FROM pg_catalog.pg_proc WHERE provolatile = 'v' AND proname = ANY ($1::text[]) ORDER BY 1",
    [called],
  );
  return rows.length === 0 ? ['a volatile function or operator'] : rows.map(({ name }) => `${name}()`);
}
