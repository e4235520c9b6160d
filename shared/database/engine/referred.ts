/**
 * Values to which rows of the target refer, mapped or not. Such a value is neither NULL for a moment nor given to another row:
 * what refers to it would lose it, or lead to that row (SEMANTICS 29, docs/adr/0053).
 */
import { readReferencing, type ReferencingKey } from '../catalog/read-referencing.ts';
import { DataError } from '../pg-errors.ts';
import type { Session } from '../session.ts';

/**
 * Columns of the table in which a row is to lose a value to which another refers.
 * @param gives asks of a foreign key whether a row does (sql/rings.ts, sql/undo-write.ts); null: it leads to nothing that is written
 */
export async function columnsReferredTo(
  target: Session,
  table: string,
  gives: (key: ReferencingKey) => string | null,
): Promise<ReadonlySet<string>> {
  const columns = new Set<string>();
  for (const key of await readReferencing(target, table)) {
    const sql = gives(key);
    if (sql === null || (await target.one<{ present: string }>(sql)).present === 'false') continue;
    for (const { parent } of key.pairs) columns.add(parent);
  }
  return columns;
}

/** @throws DataError where there are such columns: rows that are taken out and put in again would give the values to each other */
export function mustKeep(referred: ReadonlySet<string>, table: string): void {
  if (referred.size === 0) return;
  const message = 'rows refer to a value that another row is to have';
  throw new DataError('M012', { sqlstate: '23505', message, constraint: null, column: null, table }, 'target', null);
}
