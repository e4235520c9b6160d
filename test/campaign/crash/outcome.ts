/** Everything that a migration leaves behind, as lines that are equal where two runs came to the same. */
import type pg from 'pg';

const TABLES = `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'portage') ORDER BY 1`;

/** By part; times, numbers of operations and numbers of batches are no part of it. */
const LEDGER: Readonly<Record<string, string>> = {
  mapping: `SELECT e.entity, coalesce(m.legacy_key, m.legacy_id::text) AS key, m.target_uuid, m.target_key, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.origin, m.closed_by IS NOT NULL AS closed
    FROM portage.uuid_mappings m JOIN portage.entities e USING (entity_id)`,
  'inserted for undo': `SELECT e.entity, sum(cardinality(u.hashes)) AS rows, sum(x.hashes) AS hashes, sum(x.keys) AS keys FROM portage.undo_inserts u JOIN portage.entities e USING (entity_id)
    CROSS JOIN LATERAL (SELECT sum(h) AS hashes, (SELECT sum(hashtextextended(k, 0)) FROM unnest(coalesce(u.target_uuids::text[], u.target_keys)) k) AS keys FROM unnest(u.hashes) h) x GROUP BY 1`,
  undo: `SELECT e.entity, u.action, u.legacy_key, u.target_key, u.before, u.hash_after, u.source_hash, u.target_hash FROM portage.undo_log u JOIN portage.entities e USING (entity_id)`,
  pending: `SELECT e.entity, p.column_name, p.legacy_key, p.parent_key FROM portage.pending_references p JOIN portage.entities e USING (entity_id)`,
  parked: `SELECT e.entity, p.legacy_key FROM portage.parked_rows p JOIN portage.entities e USING (entity_id)`,
  'set aside': `SELECT e.entity, s.legacy_key, s.code, s.column_name, s.reason, s.state FROM portage.set_aside_rows s JOIN portage.entities e USING (entity_id)`,
  differential: `SELECT e.entity, d.legacy_key, d.target_key, d.comparison_type, d.columns, d.reason, d.source_values, d.target_values, d.resolved FROM portage.data_differentials d JOIN portage.entities e USING (entity_id)`,
  checkpoint: `SELECT entity_type, status, error_code FROM portage.migration_checkpoints`,
  operation: `SELECT status, error_code FROM portage.operations`,
  counts: `SELECT x.key AS entity, x.value - 'durationMs' AS counts FROM portage.operations o CROSS JOIN LATERAL jsonb_each(o.summary) x`,
};

export async function outcomeOf(client: pg.Client): Promise<string[]> {
  const lines: string[] = [];
  const add = async (part: string, sql: string): Promise<void> => {
    const { rows } = await client.query<{ line: string }>(`SELECT to_jsonb(q)::text AS line FROM (${sql}) q`);
    lines.push(...rows.map(({ line }) => `${part} ${line}`));
  };
  const { rows: tables } = await client.query<{ name: string }>(TABLES);
  for (const { name } of tables) await add(name, `SELECT * FROM ${name}`);
  for (const [part, sql] of Object.entries(LEDGER)) await add(part, sql);
  return lines.sort();
}

export interface Batches {
  /** Batches that stand in the ledger, as texts. */
  readonly committed: readonly string[];
  /** Batches that were begun and are not there: the sequence of their numbers moved all the same. */
  readonly lost: number;
}

export async function batchesOf(client: pg.Client): Promise<Batches> {
  const { rows: present } = await client.query<{ present: boolean }>(
    `SELECT to_regclass('portage.migration_batches') IS NOT NULL AS present`,
  );
  if (present[0]?.present !== true) return { committed: [], lost: 0 };
  const { rows } = await client.query<{ line: string }>(
    `SELECT to_jsonb(b)::text AS line FROM portage.migration_batches b`,
  );
  const { rows: drawn } = await client.query<{ numbers: string }>(
    `SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('portage.migration_batches', 'batch_no')), 0) AS numbers`,
  );
  return { committed: rows.map(({ line }) => line), lost: Number(drawn[0]?.numbers) - rows.length };
}
