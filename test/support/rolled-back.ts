// What a rollback must bring back: rows of the target, and what the ledger knows of them.
import { expect } from '@jest/globals';
import type { FinishRecoveryOutput } from '../../shared/contracts/recovery.ts';
import type { Portage, Recovered, Row } from './portage.ts';

export interface Snapshot {
  readonly tables: Readonly<Record<string, Row[]>>;
  readonly mappings: Row[];
  readonly waiting: Row[];
}

/** Mappings with their bases; columns that were never hashed apart are those of the source. */
const MAPPINGS = `SELECT e.entity, coalesce(m.legacy_key, m.legacy_id::text) AS key, coalesce(m.target_key, m.target_uuid::text) AS target, m.origin, m.operation_no, m.closed_by,
    m.source_hash, m.target_hash, m.source_columns, coalesce(m.target_columns, m.source_columns) AS target_columns
  FROM portage.uuid_mappings m JOIN portage.entities e USING (entity_id) ORDER BY 1, 2`;

export async function snapshot(p: Portage): Promise<Snapshot> {
  const names = await p.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
  const tables: Record<string, Row[]> = {};
  for (const { name } of names)
    tables[name!] = await p.rows(`SELECT t.* FROM "${name}" t ORDER BY t::text COLLATE "C"`);
  return {
    tables,
    mappings: await p.rows(MAPPINGS),
    waiting: await p.rows(
      'SELECT entity_id, column_name, legacy_key, parent_key FROM pending_references ORDER BY 1, 2, 3',
    ),
  };
}

export const same = (now: Snapshot, before: Snapshot): void => {
  for (const [name, rows] of Object.entries(before.tables)) expect([name, now.tables[name]]).toEqual([name, rows]);
  expect(now.mappings).toEqual(before.mappings);
  expect(now.waiting).toEqual(before.waiting);
};

const counted = (output: FinishRecoveryOutput): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(output.entities)
      .map(
        ([entity, { deleted, updated, inserted, adopted, kept }]) =>
          [entity, { deleted, updated, inserted, adopted, kept }] as const,
      )
      .filter(([, counts]) => Object.values(counts).some((count) => count > 0))
      .sort(),
  );
const keys = (output: FinishRecoveryOutput): unknown[] =>
  output.kept.map(({ entity, legacyId, reason, columns, by }) => ({ entity, legacyId, reason, columns, by }));

/** Takes it back after a dry run that touched nothing and foresaw the same counts and the same rows. */
export async function rolledBack(
  p: Portage,
  request: Record<string, unknown>,
): Promise<Recovered & { output: FinishRecoveryOutput }> {
  const before = await snapshot(p);
  const dry = await p.recover({ ...request, dryRun: true });
  expect(dry.failure).toBeNull();
  same(await snapshot(p), before);
  const run = await p.recover(request);
  expect(run.failure).toBeNull();
  expect(counted(run.output!)).toEqual(counted(dry.output!));
  expect(keys(run.output!)).toEqual(keys(dry.output!));
  return run as Recovered & { output: FinishRecoveryOutput };
}

export const rollbackOf = (operationId: string): Record<string, unknown> => ({
  command: 'differential-migration rollback',
  operationId,
});
