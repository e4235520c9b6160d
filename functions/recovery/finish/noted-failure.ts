/** What the items of a backup or a restore failed for, as the error that the execution ends with. */
import type { Operation } from '../../../shared/database/ledger/operations.ts';
import { isErrorCode, PortageError } from '../../../shared/domain/errors.ts';
import { failureOf } from '../../../shared/operations/failure.ts';

/** The first failure that was noted; null where there is none. */
export function notedFailure({ notes }: Pick<Operation, 'notes'>): PortageError | null {
  for (const note of notes) {
    const [, code, text] = / failed: ([A-Z]+\d+) (.*)$/s.exec(note) ?? [];
    if (code === undefined || text === undefined) continue;
    return failureAs(code, text);
  }
  return null;
}

/** The error of a step as the execution ends with it: its facts are lines of its text. */
export function failureAs(code: string, text: string): PortageError {
  const { message, got, expected, where, next } = failureOf(code, text);
  return new PortageError(isErrorCode(code) ? code : 'SYS008', message, {
    ...(got === undefined ? {} : { got }),
    ...(expected === undefined ? {} : { expected }),
    ...(where === undefined ? {} : { where }),
    next,
  });
}
