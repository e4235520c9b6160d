/** `migration-analyzer database-snapshot`. */
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { transaction } from '../../../shared/database/transactions.ts';
import { ledgerTables, snapshotTable, type SnapshotTable } from '../../../shared/database/watch/snapshot.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { suggestion } from '../../../shared/domain/nearest-name.ts';
import type { DatabaseSnapshotAnswer } from '../../../shared/operations/migration-analyzer/database-snapshot.ts';
import type { Invocation } from '../../step.ts';

export interface DatabaseSnapshotRequest {
  readonly tables: 'all' | readonly string[];
}

/** A state carries 256 KiB, and the rest of the answer must fit too. */
const BYTES = 200_000;

export async function databaseSnapshot(
  { tables }: DatabaseSnapshotRequest,
  deps: Invocation,
): Promise<DatabaseSnapshotAnswer> {
  return deps.withTarget('database-snapshot', async (target) => {
    if ((await ledgerVersion(target)) === 0)
      throw new PortageError('SYS002', 'there is nothing to show: the target database has no ledger', {
        expected: 'a target that was migrated into',
        next: 'Migrate first: portage differential-migration migrate',
      });
    const known = await ledgerTables(target);
    const names = tables === 'all' ? known : tables.map((name) => name.replace(/^portage\./, ''));
    const strangers = names.filter((name) => !known.includes(name));
    if (strangers.length > 0)
      throw new PortageError(
        'SYS002',
        strangers.map((name) => `there is no control table ${name}${suggestion(name, known)}`).join('; '),
        { got: strangers.join(', '), expected: known.join(', '), where: '--tables' },
      );
    // All tables as of one moment.
    const shown = await transaction(
      target,
      async () => {
        const found: [string, SnapshotTable][] = [];
        for (const name of names)
          found.push([name, await snapshotTable(target, name, Math.floor(BYTES / names.length))]);
        return found;
      },
      'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    );
    return {
      at: deps.now().toISOString(),
      tables: Object.fromEntries(
        shown.map(([name, table]) => [name, { ...table, leftOut: [...table.leftOut], newest: [...table.newest] }]),
      ),
    };
  });
}
