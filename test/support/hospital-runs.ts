// The hospital, migrated anew before each test, and what tests of deletions look at.
import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import { HOSPITAL_SOURCE, HOSPITAL_TARGET, hospital } from './hospital.ts';
import { portage, type Ended, type Portage, type Row } from './portage.ts';

const TABLES = ['ward', 'nurse', 'shift', 'drug'];

export interface HospitalRuns {
  readonly p: () => Portage;
  /** A migration whose dry run foresees what it does. */
  readonly foreseen: (request?: Record<string, unknown>) => Promise<Ended>;
  /** One more run has nothing to do. */
  readonly untouched: () => Promise<void>;
  readonly nurse: (no: number) => Promise<Row[]>;
  readonly open: () => Promise<Row[]>;
  /** Undo entries since the first run. */
  readonly undo: (entity: string) => Promise<Row[]>;
  readonly closed: (entity: string) => Promise<Row[]>;
}

/** A nurse leaves with her shifts. */
export const leaves = (no: number): string =>
  `DELETE FROM nurse WHERE nurse_no = ${no}; DELETE FROM shift WHERE nurse_no = ${no}`;

const countsOf = (ended: Ended): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(ended.output!.entities)
      .map(([entity, { durationMs: _, ...each }]) => [entity, each] as const)
      .sort(),
  );

/** Registers the hooks of a test file. */
export function hospitalRuns(): HospitalRuns {
  let p: Portage;
  beforeAll(async () => {
    p = await portage(HOSPITAL_SOURCE, HOSPITAL_TARGET, hospital);
    const kept = TABLES.map((table) => `CREATE TABLE kept.${table} AS TABLE ${table}`).join('; ');
    await p.run('source', `CREATE SCHEMA kept; ${kept}`);
    await p.migrate();
  });
  afterAll(() => p.end());
  beforeEach(async () => {
    const again = TABLES.map((table) => `INSERT INTO ${table} TABLE kept.${table}`).join('; ');
    await p.run('source', `TRUNCATE ${TABLES.join(', ')}; ${again}`);
    await p.useMap(hospital);
    await p.empty();
    await p.migrate();
  });
  return {
    p: () => p,
    async foreseen(request = {}) {
      const dry = await p.migrate({ ...request, dryRun: true });
      const run = await p.migrate(request);
      expect(countsOf(dry)).toEqual(countsOf(run));
      return run;
    },
    async untouched() {
      const run = await p.migrate();
      for (const counts of Object.values(run.output!.entities))
        expect(counts).toMatchObject({ inserted: 0, updated: 0, deleted: 0, kept: 0, conflicts: 0, setAside: 0 });
      expect(run.output).toMatchObject({ status: 'completed' });
    },
    nurse: (no) => p.rows(`SELECT * FROM nurses WHERE legacy_id = ${no}`),
    open: () =>
      p.rows(
        'SELECT entity_type AS entity, legacy_key AS key, comparison_type AS type, reason FROM data_differentials WHERE NOT resolved ORDER BY 1, 2',
      ),
    undo: (entity) =>
      p.rows(
        `SELECT action, legacy_key, before, hash_after FROM undo_log JOIN entities USING (entity_id) WHERE entity = '${entity}' AND operation_no > 1 ORDER BY undo_no`,
      ),
    closed: (entity) =>
      p.rows(`SELECT legacy_key, target_key FROM mappings WHERE entity = '${entity}' AND closed ORDER BY 1`),
  };
}
