/** Rows that are taken out and put in again must not give each other a value to which rows refer (SEMANTICS 29). */
import { DataError } from '../pg-errors.ts';
import type { Session } from '../session.ts';

/**
 * @param gives asks whether one of them would (sql/rings.ts, sql/undo-write.ts); null: nothing refers to what is written
 * @param table quoted, for the error
 * @throws DataError where one would: the rows are left as they are
 */
export async function mustKeepReferred(target: Session, gives: string | null, table: string): Promise<void> {
  if (gives === null || (await target.one<{ present: string }>(gives)).present === 'false') return;
  const message = 'rows refer to a value that another row is to have';
  throw new DataError('M012', { sqlstate: '23505', message, constraint: null, column: null, table }, 'target', null);
}
