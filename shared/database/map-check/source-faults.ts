/**
 * Lets the source judge every expression as the engine would send it, without running one: EXPLAIN parses, resolves names
 * and types, checks rights, and plans. Each expression stands in a WHERE, where the server refuses what is no value of one
 * row: aggregates, window functions and functions that return sets. First all at once, then, if that fails, each alone.
 */
import { qualifiedName } from '../../domain/identifiers.ts';
import { PortageError } from '../../domain/errors.ts';
import { DataError } from '../pg-errors.ts';
import type { Session } from '../session.ts';
import type { CheckedEntity } from './checked-entity.ts';
import { shapeFault } from './expression-shape.ts';
import type { Expression } from './expressions.ts';
import { fault, type CatalogFault } from './faults.ts';

/** Longer SQL is cut in a fault: the path says where it stands. */
const SHOWN = 120;

export const shown = (sql: string): string => (sql.length > SHOWN ? `${sql.slice(0, SHOWN - 3)}...` : sql);

/** Faults, and the expressions that are fine. */
export async function sourceFaults(
  source: Session,
  checked: CheckedEntity,
  expressions: readonly Expression[],
): Promise<{ readonly faults: readonly CatalogFault[]; readonly sound: readonly Expression[] }> {
  const faults: CatalogFault[] = [];
  const whole = expressions.filter((expression) => {
    const message = shapeFault(expression.sql);
    if (message !== null) faults.push(fault(expression.path, message, shown(expression.sql), 'one SQL expression'));
    return message === null;
  });
  if (whole.length === 0 || checked.sourceHidden) return { faults, sound: [] };
  const explain = (some: readonly Expression[]): Promise<string | null> => refusal(source, explainText(checked, some));
  if ((await explain(whole)) === null) return { faults, sound: whole };
  const sound: Expression[] = [];
  for (const expression of whole) {
    const message = await explain([expression]);
    if (message === null) sound.push(expression);
    else faults.push(fault(expression.path, message, shown(expression.sql), expression.expected));
  }
  return { faults, sound };
}

const explainText = ({ normal }: CheckedEntity, expressions: readonly Expression[]): string => {
  const conditions = expressions.map(({ typed, kind }) => (kind === 'condition' ? typed : `(${typed}) IS NULL`));
  return `EXPLAIN (COSTS OFF) SELECT FROM ${qualifiedName(normal.source.relation)} AS s WHERE ${conditions.join(' AND ')}`;
};

/**
 * The server's reason for refusing a statement, with its hint; null when it takes it.
 * @throws PortageError when the server could not be asked: that says nothing about the statement.
 */
export async function refusal(session: Session, statement: string): Promise<string | null> {
  try {
    await session.run(statement);
    return null;
  } catch (error) {
    if (!(error instanceof DataError) && !(error instanceof PortageError && error.code === 'SYS007')) throw error;
    const { cause } = error;
    const hint = cause instanceof Error && 'hint' in cause && typeof cause.hint === 'string' ? ` ${cause.hint}` : '';
    return `${error.message.replace(/ in WHERE$/, ' in a mapping')}${hint === '' ? '' : `.${hint}`}`;
  }
}
