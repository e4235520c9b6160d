/**
 * Which column keeps a row from being written, where the server does not say it: of a constraint its own columns, otherwise the
 * one that fails when the row's values are made and stored by halves.
 */
import type { CompiledColumn, CompiledEntity } from '../../domain/compiled/types.ts';
import { DataError, isRaised } from '../pg-errors.ts';
import type { Session } from '../session.ts';
import { transaction } from '../transactions.ts';
import { castValues, constraintColumns, createTried, makeValues, storeValues } from '../sql/blame.ts';
import { reasonOf, type Reason } from './reason.ts';
import type { Worker } from './worker.ts';

type Sides = Pick<Worker, 'source' | 'target' | 'entity'>;

/** Between rows, and not between a row and its own values. */
const BETWEEN_ROWS = /^(23503|23505|23P01)$/;

/** Why the row of the key, which stands alone, cannot be written. A row that failed in the target is still staged. */
export async function reasonFor(sides: Sides, key: string, error: DataError): Promise<Reason> {
  const reason = reasonOf(sides.entity, error);
  return { ...reason, column: reason.column ?? (await blamed(sides, key, error)) };
}

async function blamed({ source, target, entity }: Sides, key: string, error: DataError): Promise<string | null> {
  const { constraint, sqlstate } = error.fault;
  if (error.side === 'source') {
    const made = entity.columns.filter((column) => column.source !== null);
    return firstFailing(made, (some) => fails(source.run(makeValues(entity, key, some))));
  }
  if (constraint !== null) {
    const { columns } = await target.one<{ columns: string | null }>(constraintColumns(entity), [constraint]);
    if (columns !== null) return columns;
  }
  if (BETWEEN_ROWS.test(sqlstate) || isRaised(sqlstate)) return null;
  return unstorable(target, entity, key);
}

async function unstorable(target: Session, entity: CompiledEntity, key: string): Promise<string | null> {
  // A rehearsal has a transaction open, which a failure would spoil.
  const refused = (sql: string): Promise<boolean> => fails(transaction(target, () => target.run(sql)));
  const values = entity.columns.filter(({ kind }) => kind === 'expression');
  const uncast = await firstFailing(values, (some) => refused(castValues(entity, key, some)));
  // What is left for the assignment to refuse, since a cast would cut it.
  const limited = values.filter(({ desired, staged }) => desired === `g.${staged ?? ''}`);
  if (uncast !== null || limited.length === 0) return uncast;
  await target.run(createTried(entity, limited));
  // Where a domain refuses NULL its column cannot be left out, and nobody can tell.
  if (await refused(storeValues(entity, key, []))) return null;
  return firstFailing(limited, (some) => refused(storeValues(entity, key, some)));
}

async function firstFailing(
  columns: readonly CompiledColumn[],
  fail: (some: readonly CompiledColumn[]) => Promise<boolean>,
): Promise<string | null> {
  let left = columns;
  if (left.length === 0 || !(await fail(left))) return null;
  while (left.length > 1) {
    const half = left.slice(0, Math.ceil(left.length / 2));
    left = (await fail(half)) ? half : left.slice(half.length);
  }
  return left[0]?.column ?? null;
}

async function fails(trial: Promise<unknown>): Promise<boolean> {
  try {
    await trial;
    return false;
  } catch (error) {
    if (error instanceof DataError) return true;
    throw error;
  }
}
