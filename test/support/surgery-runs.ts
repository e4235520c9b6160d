// A surgery whose entities are migrated one by one, from the same legacy rows before each test.
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { finishEntity } from '../../shared/database/engine/finish.ts';
import type { Mode } from '../../shared/database/sql/decide.ts';
import { ledgered, type Ledgered } from './ledgered.ts';
import type { Row } from './portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from './surgery.ts';

export interface SurgeryRuns {
  /** Works through the entity and ends it, as the steps do. @returns the number of the operation */
  readonly migrate: (entity: string, mode?: Mode) => Promise<number>;
  readonly legacy: (sql: string) => Promise<void>;
  readonly target: (sql: string) => Promise<void>;
  readonly rows: (sql: string) => Promise<Row[]>;
  readonly value: (sql: string) => Promise<string | null>;
  readonly differentials: (columns: string) => Promise<Row[]>;
  /** Sums of what the batches of an operation counted. */
  readonly counts: (columns: string, operationNo: number) => Promise<Row[]>;
}

/** Registers the hooks of a test file. */
export function surgeryRuns(): SurgeryRuns {
  let p: Ledgered;
  beforeAll(async () => {
    p = await ledgered(SURGERY_SOURCE, SURGERY_TARGET, surgery);
    await p.run(
      'source',
      'CREATE SCHEMA kept; CREATE TABLE kept.doctor AS TABLE doctor; CREATE TABLE kept.office AS TABLE office',
    );
  });
  afterAll(() => p.end());
  beforeEach(async () => {
    await p.reset();
    await p.run(
      'source',
      'TRUNCATE doctor, office; INSERT INTO office TABLE kept.office; INSERT INTO doctor TABLE kept.doctor',
    );
  });
  return {
    async migrate(entity, mode = 'differential') {
      const { operation } = await p.work(entity, { mode });
      await finishEntity(p.target, p.entity(entity), {
        operationNo: operation.operationNo,
        sawAll: mode !== 'missing-only',
        written: 1,
      });
      return operation.operationNo;
    },
    legacy: (sql) => p.run('source', sql),
    target: (sql) => p.run('target', sql),
    rows: (sql) => p.rows(sql),
    value: (sql) => p.value(sql),
    differentials: (columns) =>
      p.rows(`SELECT ${columns} FROM data_differentials ORDER BY legacy_key, comparison_type, resolved_at NULLS LAST`),
    counts(columns, operationNo) {
      const sums = columns.split(', ').map((column) => `sum(${column}) AS ${column}`);
      return p.rows(
        `SELECT ${sums.join(', ')} FROM migration_batches b JOIN migration_checkpoints c ON c.id = b.checkpoint_id
           JOIN operations o USING (operation_id) WHERE operation_no = ${operationNo}`,
      );
    },
  };
}
