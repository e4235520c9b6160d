/** What the ledger knows for a cut-over: last runs, backups, rows set aside, and which differences people decided. */
import type { RunFact } from '../../domain/cut-over.ts';
import type { Session } from '../session.ts';
import { MOMENT } from '../sql/moment.ts';

/** The last migration or synchronization of each entity of the list. */
export async function lastRunsOf(target: Session, mapName: string, entities: readonly string[]): Promise<RunFact[]> {
  const rows = await target.rows(
    `SELECT l.name, r.status, r.operation_id, r.at FROM unnest($2::text[]) WITH ORDINALITY AS l (name, n) LEFT JOIN LATERAL (
       SELECT c.status, c.operation_id, to_char(o.started_at, ${MOMENT}) AS at FROM portage.entities e JOIN portage.migration_checkpoints c USING (entity_id) JOIN portage.operations o USING (operation_id)
       WHERE e.map_name = $1 AND e.entity = l.name AND c.operation_type IN ('differential_migration', 'synchronization') AND c.status <> 'superseded'
       ORDER BY o.operation_no DESC LIMIT 1) r ON true ORDER BY l.n`,
    [mapName, entities],
  );
  return rows.map((row) => ({
    entity: row['name'] ?? '',
    status: row['status'] ?? null,
    operationId: row['operation_id'] ?? null,
    at: row['at'] ?? null,
  }));
}

/** When the last backup was taken that came to its end. */
export async function lastBackupAt(target: Session): Promise<string | null> {
  const { at } = await target.one(
    `SELECT to_char(max(taken_at), ${MOMENT}) AS at FROM portage.backups WHERE completed_at IS NOT NULL`,
  );
  return at ?? null;
}

export interface AsideCount {
  readonly entity: string;
  readonly code: string;
  readonly open: number;
  readonly ignored: number;
}

export async function asideCounts(target: Session, mapName: string): Promise<AsideCount[]> {
  const rows = await target.rows(
    `SELECT e.entity, a.code, coalesce(sum(a.rows) FILTER (WHERE a.state = 'open'), 0) AS open, coalesce(sum(a.rows) FILTER (WHERE a.state = 'ignored'), 0) AS ignored
     FROM portage.set_aside_rows a JOIN portage.entities e USING (entity_id) WHERE e.map_name = $1 AND a.state IN ('open', 'ignored') GROUP BY 1, 2 ORDER BY 1, 2`,
    [mapName],
  );
  return rows.map((row) => ({
    entity: row['entity'] ?? '',
    code: row['code'] ?? '',
    open: Number(row['open']),
    ignored: Number(row['ignored']),
  }));
}

export interface DecidedCount {
  readonly entity: string;
  readonly kind: string;
  readonly why: 'edited' | 'removed' | 'reported' | 'decided' | 'ignored';
  readonly rows: number;
}

/** A run said of it, and of each column that differs, which side changed: what a validation alone has found tells nothing of that. */
const SEEN_BY_RUN = (type: string, kind: string): string =>
  `f.kind = '${kind}' AND EXISTS (SELECT FROM portage.data_differentials d JOIN portage.operations o USING (operation_no) WHERE d.entity_id = f.entity_id AND d.legacy_key = f.legacy_key
     AND NOT d.resolved AND d.comparison_type = '${type}' AND o.operation_type <> 'validation'${kind === 'value' ? ' AND f.columns <@ d.columns' : ''})`;

/** Findings hold so many characters of a value. */
const KEPT_CHARACTERS = 2000;

/** What was decided is what differs now: no other column does, and each has the value that was chosen then. */
const STANDS = `c.chosen IN ('target', 'merged', 'custom') AND (f.kind <> 'value' OR f.columns <@ c.columns
           AND NOT EXISTS (SELECT FROM unnest(f.columns) AS n (name) WHERE c.chosen_values ? n.name AND left(c.chosen_values->>n.name, ${KEPT_CHARACTERS}) IS DISTINCT FROM f.target_values->>n.name))`;

/** Of the rows that a validation found different, those whose difference people made or decided. */
export async function decidedFindings(target: Session, operationNo: number): Promise<DecidedCount[]> {
  const rows = await target.rows(
    `SELECT entity, kind, why, count(*) AS rows FROM (
       SELECT e.entity, f.kind, CASE
         WHEN f.kind = 'missing' AND EXISTS (SELECT FROM portage.set_aside_rows a WHERE a.entity_id = f.entity_id AND a.legacy_key = f.legacy_key AND a.state = 'ignored') THEN 'ignored'
         WHEN (SELECT ${STANDS} FROM portage.conflict_decisions c WHERE c.entity_id = f.entity_id AND c.legacy_key = f.legacy_key ORDER BY c.decision_no DESC LIMIT 1) THEN 'decided'
         WHEN ${SEEN_BY_RUN('value', 'value')} THEN 'edited'
         WHEN ${SEEN_BY_RUN('missing', 'missing')} THEN 'removed'
         WHEN ${SEEN_BY_RUN('deleted', 'extra')} THEN 'reported' END AS why
       FROM portage.validation_findings f JOIN portage.entities e USING (entity_id) WHERE f.operation_no = $1 AND f.kind <> 'mapping') w
     WHERE why IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    [operationNo],
  );
  return rows.map((row) => ({
    entity: row['entity'] ?? '',
    kind: row['kind'] ?? '',
    why: row['why'] as DecidedCount['why'],
    rows: Number(row['rows']),
  }));
}
