/**
 * Cleaning up the ledger: finished checkpoints with their batches, undo entries past their retention, closed differentials.
 * What a rollback still needs stays, unless somebody says otherwise; the newest checkpoint of an entity stays always.
 */
import type { Session } from '../session.ts';
import { unhurried } from '../session.ts';
import { transaction } from '../transactions.ts';

export interface OldCheckpoint {
  readonly id: string;
  readonly entity: string;
  readonly operationId: string;
  readonly status: string;
  readonly updatedAt: string;
}

/** Undo entries that are to go, by operation. */
export interface OldUndo {
  readonly operationId: string;
  readonly endedAt: string;
  readonly entries: number;
  /** Not past the retention: somebody asked for it. */
  readonly early: boolean;
}

/** An operation that is at work, or that a rollback is at work on or shall be continued on. */
const BUSY = `(o.status = 'running' OR EXISTS (SELECT FROM portage.rollbacks r JOIN portage.operations b ON b.operation_no = r.rollback_no
    WHERE (r.operation_no = o.operation_no OR r.rollback_no = o.operation_no) AND b.status IN ('running', 'stopped', 'failed')))`;
const HAS_UNDO = `(EXISTS (SELECT FROM portage.undo_inserts u WHERE u.operation_no = o.operation_no) OR EXISTS (SELECT FROM portage.undo_log u WHERE u.operation_no = o.operation_no))`;
const ENDED = 'coalesce(o.ended_at, o.started_at)';

/** @param force also undo entries within their retention, of operations that ended before `days` */
export async function oldUndo(
  target: Session,
  days: number,
  retentionDays: number,
  force: boolean,
): Promise<OldUndo[]> {
  const rows = await unhurried(target, () =>
    target.rows(
      `SELECT o.operation_id, to_char(${ENDED}, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS ended_at, (${ENDED} >= now() - make_interval(days => 1) * $2)::text AS early,
         (SELECT coalesce(sum(cardinality(u.hashes)), 0) FROM portage.undo_inserts u WHERE u.operation_no = o.operation_no) + (SELECT count(*) FROM portage.undo_log u WHERE u.operation_no = o.operation_no) AS entries
       FROM portage.operations o WHERE NOT ${BUSY} AND ${HAS_UNDO} AND (${ENDED} < now() - make_interval(days => 1) * $2 OR ($3 AND ${ENDED} < now() - make_interval(days => 1) * $1))
       ORDER BY o.operation_no`,
      [days, retentionDays, force],
    ),
  );
  return rows.map((row) => ({
    operationId: row['operation_id'] ?? '',
    endedAt: row['ended_at'] ?? '',
    entries: Number(row['entries']),
    early: row['early'] === 'true',
  }));
}

/** Forgets the undo entries of an operation, which cannot be taken back any more. */
export const forgetUndo = (target: Session, operationId: string): Promise<void> =>
  unhurried(target, () =>
    transaction(target, async () => {
      const { no } = await target.one<{ no: string }>(
        'UPDATE portage.operations SET undo_cleaned_at = now() WHERE operation_id = $1 RETURNING operation_no AS no',
        [operationId],
      );
      for (const table of ['undo_inserts', 'undo_log'])
        await target.run(`DELETE FROM portage.${table} WHERE operation_no = $1`, [no]);
      for (const table of ['rollback_steps', 'kept_rows'])
        await target.run(`DELETE FROM portage.${table} WHERE rollback_no = $1`, [no]);
    }),
  );

/** Finished checkpoints older than `days`; `gone`: operations whose undo entries go before. */
export async function oldCheckpoints(
  target: Session,
  days: number,
  gone: readonly string[],
): Promise<{ readonly old: OldCheckpoint[]; readonly needed: number }> {
  const rows = await target.rows(
    `SELECT c.id, c.entity_type AS entity, c.operation_id, c.status, to_char(c.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS updated_at,
       (${BUSY} OR (${HAS_UNDO} AND NOT (o.operation_id = ANY ($2::text[]))))::text AS needed
     FROM portage.migration_checkpoints c JOIN portage.operations o USING (operation_id)
     WHERE c.status IN ('completed', 'completed_unverified', 'superseded', 'rolled_back') AND c.updated_at < now() - make_interval(days => 1) * $1
       AND EXISTS (SELECT FROM portage.migration_checkpoints n WHERE n.entity_id = c.entity_id AND n.operation_type = c.operation_type AND n.created_at > c.created_at)
     ORDER BY c.created_at`,
    [days, gone],
  );
  const of = (needed: string): Record<string, string | null>[] => rows.filter((row) => row['needed'] === needed);
  return {
    old: of('false').map((row) => ({
      id: row['id'] ?? '',
      entity: row['entity'] ?? '',
      operationId: row['operation_id'] ?? '',
      status: row['status'] ?? '',
      updatedAt: row['updated_at'] ?? '',
    })),
    needed: of('true').length,
  };
}

/** With their batches and workers. */
export const deleteCheckpoints = (target: Session, ids: readonly string[]): Promise<number> =>
  unhurried(target, () => target.run('DELETE FROM portage.migration_checkpoints WHERE id = ANY ($1::uuid[])', [ids]));

/** A rollback opens again what the same transaction closed: by the moment, which both have kept. */
const NEEDED = `EXISTS (SELECT FROM portage.undo_log u WHERE u.entity_id = d.entity_id AND u.legacy_key = d.legacy_key AND u.written_at = d.resolved_at)`;
const oldDifferentials = (force: boolean): string =>
  `portage.data_differentials d WHERE d.resolved AND d.resolved_at < now() - make_interval(days => 1) * $1${force ? '' : ` AND NOT ${NEEDED}`}`;

export async function countOldDifferentials(
  target: Session,
  days: number,
  force: boolean,
): Promise<{ readonly old: number; readonly needed: number }> {
  const count = async (all: boolean): Promise<number> =>
    Number(
      (await unhurried(target, () => target.one(`SELECT count(*) AS rows FROM ${oldDifferentials(all)}`, [days])))[
        'rows'
      ],
    );
  const old = await count(force);
  return { old, needed: (await count(true)) - old };
}

export const deleteOldDifferentials = (target: Session, days: number, force: boolean): Promise<number> =>
  unhurried(target, () => target.run(`DELETE FROM ${oldDifferentials(force)}`, [days]));

type TidiedTable = 'migration_checkpoints' | 'data_differentials' | 'synchronization_jobs';

/** What the guide does each quarter: room of what went is used again, and plans know how many rows are left. Who works on a table goes first. */
export const tidy = (target: Session, tables: readonly TidiedTable[]): Promise<unknown> =>
  unhurried(target, async () => {
    for (const table of tables) await target.run(`VACUUM (ANALYZE, SKIP_LOCKED) portage.${table}`);
  });

export interface StaleOperation {
  readonly operationId: string;
  readonly entities: readonly string[];
  readonly hours: number;
}

/** Running operations without a sign of life for so many hours, and for longer than a lease. */
export async function staleOperations(target: Session, hours: number, leaseSeconds: number): Promise<StaleOperation[]> {
  const rows = await target.rows(
    `SELECT o.operation_id, to_json(ARRAY(SELECT c.entity_type FROM portage.migration_checkpoints c WHERE c.operation_id = o.operation_id AND c.status IN ('in_progress', 'pending') ORDER BY 1)) AS entities, extract(epoch FROM s.age) / 3600 AS hours
     FROM portage.operations o CROSS JOIN LATERAL (SELECT clock_timestamp() - greatest(o.started_at, (SELECT max(greatest(c.updated_at, w.heartbeat_at)) FROM portage.migration_checkpoints c
       LEFT JOIN portage.workers w ON w.checkpoint_id = c.id WHERE c.operation_id = o.operation_id)) AS age) s
     WHERE o.status = 'running' AND s.age > make_interval(secs => greatest($1::float8 * 3600, $2::float8)) ORDER BY o.operation_no`,
    [hours, leaseSeconds],
  );
  return rows.map((row) => ({
    operationId: row['operation_id'] ?? '',
    entities: JSON.parse(row['entities'] ?? '[]') as string[],
    hours: Number(Number(row['hours']).toFixed(1)),
  }));
}
