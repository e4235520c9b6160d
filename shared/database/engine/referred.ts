/** Rows that give each other unique values must not take one along to which rows refer (SEMANTICS 29). */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { readReferencing, referredBy } from '../catalog/read-referencing.ts';
import { DataError } from '../pg-errors.ts';
import type { Session } from '../session.ts';
import { referredTo } from '../sql/rings.ts';

/** @param table quoted, for the error */
export const keepsReferred = (table: string): DataError => {
  const message = 'rows refer to a value that another row is to have';
  return new DataError('M012', { sqlstate: '23505', message, constraint: null, column: null, table }, 'target', null);
};

/**
 * @param gives asks whether a row that is taken out and put in again would give such a value away (sql/undo-write.ts); null:
 * nothing refers to what is written
 * @throws DataError where one would: the rows are left as they are
 */
export async function mustKeepReferred(target: Session, gives: string | null, table: string): Promise<void> {
  if (gives === null || (await target.one<{ present: string }>(gives)).present === 'false') return;
  throw keepsReferred(table);
}

export interface Referred {
  /** Columns to whose values in these rows others refer. */
  readonly columns: ReadonlySet<string>;
  /** One of the rows gives such a value away. */
  readonly given: boolean;
}

/** What refers to the rows of the batch that are to be updated. */
export async function readReferredTo(target: Session, entity: CompiledEntity): Promise<Referred> {
  const keys = await readReferencing(target, entity.target.table);
  const asked = referredTo(entity, keys);
  const found = asked === null ? [] : await target.rows<{ place: string; given: string }>(asked);
  return {
    columns: referredBy(found.flatMap(({ place }) => keys[Number(place)] ?? [])),
    given: found.some(({ given }) => given === 'true'),
  };
}
