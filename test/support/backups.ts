// Backups of a test: a folder of its own, and a restore whose dry run foresees what it does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import type { FinishRecoveryOutput } from '../../shared/contracts/recovery.ts';
import type { Around, Portage, Recovered } from './portage.ts';

export type Restored = Recovered & { readonly output: FinishRecoveryOutput };

export interface Backups {
  readonly folder: string;
  /** Its path; the ending says the form. */
  readonly take: (name?: string, entities?: readonly string[]) => Promise<string>;
  /** After a dry run that touched nothing and foresaw the same. */
  readonly restore: (file: string, entities?: readonly string[]) => Promise<Restored>;
  /** Without a dry run before it, and with something around the handlers of its states. */
  readonly restoreAround: (states: Readonly<Record<string, Around>>, file: string, more?: object) => Promise<Recovered>;
}

/** Where the rows of every table stand, and who wrote or locked them last. */
export async function fingerprint(p: Portage): Promise<string> {
  const tables = await p.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
  const each = tables.map(
    ({ name }) =>
      `SELECT '${name!}' AS t, count(*) AS n, coalesce(sum(hashtextextended(ctid::text || xmin::text || xmax::text, 0)), 0) AS h FROM "${name!}"`,
  );
  return JSON.stringify(await p.rows(each.join(' UNION ALL ')));
}

const counted = ({ entities, keptRows, kept }: FinishRecoveryOutput): unknown => ({
  entities: Object.fromEntries(
    Object.entries(entities)
      .map(([entity, { durationMs: _, parked: __, ...counts }]) => [entity, counts] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ),
  keptRows,
  kept: kept.map(({ entity, legacyId, reason }) => ({ entity, legacyId, reason })),
});

/** Registers the hook that takes the folder away. */
export function backups(p: () => Portage): Backups {
  const folder = mkdtempSync(join(tmpdir(), 'portage-backup-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let taken = 0;
  const request = (backupFile: string, entities?: readonly string[]) => ({
    command: 'migration-analyzer restore-from-backup',
    backupFile,
    ...(entities === undefined ? {} : { entities }),
  });
  return {
    folder,
    async take(name = 'backup.ndjson.gz', entities) {
      const output = join(folder, `${++taken}-${name}`);
      const run = await p().recover({
        command: 'migration-analyzer create-full-backup',
        output,
        ...(entities === undefined ? {} : { entities }),
      });
      expect(run.failure).toBeNull();
      expect(run.output).toMatchObject({ status: 'completed', backup: { file: output } });
      return output;
    },
    async restore(file, entities) {
      const before = await fingerprint(p());
      const dry = await p().recover({ ...request(file, entities), dryRun: true });
      expect(dry.failure).toBeNull();
      expect(await fingerprint(p())).toBe(before);
      const run = await p().recover(request(file, entities));
      expect(run.failure).toBeNull();
      expect(counted(run.output!)).toEqual(counted(dry.output!));
      return run as Restored;
    },
    restoreAround: (states, file, more = {}) => p().recover({ ...request(file), ...more }, states),
  };
}
