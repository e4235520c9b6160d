/** The exit status that `migrate` and `resume` share (SEMANTICS 37). */
import type { FinishMigrationOutput } from '../contracts/migration.ts';

/** 3 when it did not finish, 1 when rows were set aside, conflicts are open or a named row does not exist, else 0. */
export function migrationExit(answer: FinishMigrationOutput): 0 | 1 | 3 {
  if (answer.status === 'failed' || answer.status === 'stopped') return 3;
  if ((answer.notFound ?? []).length > 0) return 1;
  return Object.values(answer.entities).some((entity) => entity.setAside > 0 || entity.conflicts > 0) ? 1 : 0;
}
