/** Why a row was set aside, in words that may be shown: no value of an entity that has a sensitive column (SEMANTICS 34). */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { DataError, isRaised } from '../pg-errors.ts';

/** What a constraint violation is called, without the server's message, which may quote a value. */
const WORDS: Readonly<Record<string, string>> = {
  '23502': 'a column that must have a value has none',
  '23503': 'a referenced row does not exist',
  '23505': 'a unique value is taken already',
  '23514': 'a check constraint refuses the row',
  '23P01': 'an exclusion constraint refuses the row',
  '21000': 'a subquery that is to give one value gives several rows',
  '22001': 'a value is too long for its column',
  '22003': 'a number is out of range for its column',
  '22007': 'a date or time cannot be read',
  '22008': 'a date or time is out of range',
  '22P02': 'a value cannot be read as the type of its column',
  '42601': 'a value cannot be read as the type of its column',
  '44000': 'a view of the target refuses the row',
  '54000': 'a value is too large for an index or a page',
};

export interface Reason {
  readonly code: string;
  readonly column: string | null;
  readonly text: string;
  /** Another row holds a value that this one is to have, and may give it up in this run (SEMANTICS 25). */
  readonly taken?: boolean;
}

const TAKEN = new Set(['23505', '23P01']);
/** A row was refused for what another has. */
export const isTaken = (error: unknown): boolean => error instanceof DataError && TAKEN.has(error.fault.sqlstate);

export function reasonOf(entity: CompiledEntity, error: DataError): Reason {
  const { sqlstate, constraint, column, message, table } = error.fault;
  // The table of the constraint is that of the rows that refer.
  const held = sqlstate === '23503' && table !== null && table !== entity.target.relation.name;
  const words = held
    ? 'rows refer to a value that the row has'
    : (WORDS[sqlstate] ?? (isRaised(sqlstate) ? 'a trigger refuses the row' : 'the row cannot be written'));
  const sensitive = entity.columns.some((c) => c.sensitive);
  const place = constraint === null ? '' : ` (${constraint})`;
  return {
    code: error.code,
    column,
    taken: TAKEN.has(sqlstate),
    text: `${words}${place}, SQLSTATE ${sqlstate}${sensitive ? '' : `: ${message}`}`,
  };
}
