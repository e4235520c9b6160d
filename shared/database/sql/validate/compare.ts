/**
 * The decision about rows whose hashes differ: staged source rows against target rows, on the target, by the expressions
 * that the migration writes and compares with. What two servers print or hash otherwise is equal here, and only what differs
 * here is a difference. One row of the answer for a legacy key and kind.
 */
import type { CompiledEntity } from '../../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../../domain/identifiers.ts';
import { shown } from '../record.ts';
import { allOf } from '../range.ts';
import { stage } from '../scratch.ts';
import { targetKeysIn } from './project.ts';

/** Differences of one look, in a table of the session. */
export const found = (entity: CompiledEntity): string => `pg_temp.found_${entity.entityId ?? 0}`;

export const createFound = (entity: CompiledEntity): string =>
  `CREATE TEMP TABLE IF NOT EXISTS found_${entity.entityId ?? 0} (legacy_key text COLLATE "C" NOT NULL, vk text COLLATE "C", kind text NOT NULL, columns text[] NOT NULL, reasons jsonb NOT NULL, reason text NOT NULL,
     target_key text COLLATE "C", source_hash bigint, target_hash bigint, source_values jsonb, target_values jsonb, PRIMARY KEY (legacy_key, kind));
   TRUNCATE ${found(entity)}`;

const named = (pairs: readonly (readonly [name: string, sql: string])[]): string =>
  pairs.length === 0
    ? "'{}'::jsonb"
    : `jsonb_strip_nulls(jsonb_object(ARRAY[${pairs.map(([name]) => quoteLiteral(name)).join(', ')}], ARRAY[${pairs.map(([, sql]) => sql).join(', ')}]::text[]))`;

/** The target says NULL, and the source has no such parent either: so the map wants it. */
const isRightlyNull = (entity: CompiledEntity, staged: string, column: string, onMissing: string): string => {
  const place = entity.references.findIndex((reference) => reference.staged === staged);
  return onMissing === 'null' ? ` AND NOT (${column} IS NULL AND NOT g.p${place})` : '';
};

/** True where the staged rows must say whether their parents exist. */
export const needsParents = (entity: CompiledEntity): boolean =>
  entity.verify.references.some(({ onMissing }) => onMissing === 'null');

/** The target's rows of these keys; where the source can only guess what its values look like there, also of those that are staged. */
const concerned = (entity: CompiledEntity, keys: readonly string[]): string => {
  const { verify } = entity;
  const listed = targetKeysIn(entity, keys);
  return verify.via === 'identity'
    ? `(${listed} OR ${verify.targetKey} IN (SELECT ${verify.desiredKey} FROM ${stage(entity)} g))`
    : listed;
};

/** What the answer covers: everything, or the values or the references of rows that are on both sides. */
export interface Scope {
  readonly keys: boolean;
  readonly values: boolean;
  readonly references: boolean;
}

/**
 * @param keys pairing keys that the target is asked for, beside those of the staged rows
 * @param unique a source row of its own stands for each of the staged pairing keys
 */
export function compareStaged(entity: CompiledEntity, keys: readonly string[], scope: Scope): string {
  const { verify } = entity;
  const order = verify.keyOrder === 'integer' ? 'bigint' : 'text COLLATE "C"';
  const references = verify.references.map((reference, i) => ({ ...reference, key: `t.portage_r${i}` }));
  const ofTarget = [
    't.*',
    `${verify.targetKey} AS portage_vk`,
    `${verify.legacyText} AS portage_legacy`,
    `count(*) OVER (PARTITION BY ${verify.targetKey}) AS portage_n`,
    ...verify.references.map(({ key }, i) => `${key} AS portage_r${i}`),
  ];
  const values = named(
    verify.values.map(({ column, differs, reason }) => [column, `CASE WHEN ${differs} THEN ${reason} END`]),
  );
  const kindOf = (reference: (typeof references)[number]): string => {
    const column = `t.${quoteIdentifier(reference.column)}`;
    const but = isRightlyNull(entity, reference.staged, column, reference.onMissing);
    return `CASE WHEN ${reference.orphan} THEN 'orphan' WHEN (g.${reference.staged} IS DISTINCT FROM ${reference.key} OR (${column} IS NOT NULL AND ${reference.key} IS NULL))${but} THEN 'wrong_parent' END`;
  };
  const parents = named(references.map((reference) => [reference.column, kindOf(reference)]));
  const wantedValues = entity.columns
    .filter((column) => !column.onInsertOnly)
    .map((column) => {
      const text = column.kind === 'reference' ? `g.${column.staged ?? ''}::text` : column.textDesired;
      return `(${quoteLiteral(column.column)}, ${shown(column, text)}, ${shown(column, column.textTarget)})`;
    });
  const valuesOf = (side: 'wanted' | 'found'): string =>
    `(SELECT jsonb_object_agg(v.name, v.${side}) FROM (VALUES ${wantedValues.join(', ')}) AS v (name, wanted, found) WHERE v.name = ANY (f.columns))`;
  const kinds = [
    ...(scope.keys
      ? [
          `('missing', g.portage_vk IS NOT NULL AND (t.portage_vk IS NULL OR g.portage_n > 1), '{}'::jsonb, CASE WHEN g.portage_n > 1 THEN 'duplicate_key' ELSE 'missing' END)`,
          `('extra', t.portage_vk IS NOT NULL AND (g.portage_vk IS NULL OR t.portage_n > 1), '{}'::jsonb, CASE WHEN t.portage_n > 1 THEN 'duplicate_key' ELSE 'extra' END)`,
        ]
      : []),
    ...(scope.values ? [`('value', d.values <> '{}', d.values, NULL)`] : []),
    ...(scope.references
      ? ['orphan', 'wrong_parent'].map(
          (kind) =>
            `('${kind}', d.parents @? '$.* ? (@ == "${kind}")', (SELECT jsonb_object_agg(p.key, p.value) FROM jsonb_each(d.parents) p WHERE p.value = '"${kind}"'), NULL)`,
        )
      : []),
  ];
  return `INSERT INTO ${found(entity)} (legacy_key, vk, kind, columns, reasons, reason, target_key, source_hash, target_hash, source_values, target_values)
    SELECT coalesce(g.k::text, t.portage_legacy, t.portage_vk::text), coalesce(g.portage_vk, t.portage_vk)::text, f.kind, f.columns, f.reasons,
      coalesce(f.reason, (SELECT string_agg(DISTINCT r.value, ', ' ORDER BY r.value) FROM jsonb_each_text(f.reasons) r)), CASE WHEN t.portage_vk IS NOT NULL THEN (${entity.target.keyOfRow})::text END,
      g.h, CASE WHEN t.portage_vk IS NOT NULL THEN ${entity.target.hash} END, ${valuesOf('wanted')}, ${valuesOf('found')}
    FROM (SELECT g.*, (${verify.desiredKey})::${order} AS portage_vk, count(*) OVER (PARTITION BY ${verify.desiredKey}) AS portage_n FROM ${stage(entity)} g) g
    FULL JOIN (SELECT ${ofTarget.join(', ')} FROM ${verify.from} WHERE ${allOf([...verify.where, concerned(entity, keys)])}) t ON t.portage_vk = g.portage_vk
    CROSS JOIN LATERAL (SELECT CASE WHEN g.portage_vk IS NOT NULL AND t.portage_vk IS NOT NULL THEN ${values} ELSE '{}' END AS values,
      CASE WHEN g.portage_vk IS NOT NULL AND t.portage_vk IS NOT NULL THEN ${parents} ELSE '{}' END AS parents OFFSET 0) d
    CROSS JOIN LATERAL (SELECT v.kind, ARRAY(SELECT jsonb_object_keys(v.reasons) ORDER BY 1) AS columns, v.reasons, v.reason FROM (VALUES ${kinds.join(', ')}) AS v (kind, holds, reasons, reason) WHERE v.holds) f
    ON CONFLICT DO NOTHING`;
}

/** What of a row that moves is judged: whether it is there, or these columns; null: any column. */
export interface Judged {
  readonly presence: boolean;
  readonly columns: readonly string[] | null;
}

/** Forgets what was found of a row that moves beyond what differs in it for good. */
export function keepOnly(entity: CompiledEntity, vk: string, only: Judged): string {
  const own = `f.vk = ${quoteLiteral(vk)}`;
  if (only.presence) return `DELETE FROM ${found(entity)} f WHERE ${own} AND f.kind NOT IN ('missing', 'extra')`;
  const forget = `DELETE FROM ${found(entity)} f WHERE ${own} AND f.kind IN ('missing', 'extra')`;
  if (only.columns === null) return forget;
  const columns = `ARRAY[${only.columns.map(quoteLiteral).join(', ')}]::text[]`;
  return `${forget};
    UPDATE ${found(entity)} f SET columns = ARRAY(SELECT c FROM unnest(f.columns) c WHERE c = ANY (${columns})), reasons = s.reasons, reason = s.reason
    FROM (SELECT f.kind, jsonb_object_agg(r.key, r.value) AS reasons, string_agg(DISTINCT r.value, ', ' ORDER BY r.value) AS reason
      FROM ${found(entity)} f, jsonb_each_text(f.reasons) r WHERE ${own} AND r.key = ANY (${columns}) GROUP BY f.kind) AS s WHERE ${own} AND s.kind = f.kind;
    DELETE FROM ${found(entity)} f WHERE ${own} AND NOT f.columns && ${columns}`;
}

/** $1: legacy keys of rows that the ledger knows why they could not be written. */
export const explainMissing = (entity: CompiledEntity): string =>
  `UPDATE ${found(entity)} f SET reason = 'set_aside ' || a.code FROM portage.set_aside_rows a
   WHERE f.kind = 'missing' AND f.reason = 'missing' AND a.entity_id = ${entity.entityId} AND a.legacy_key = f.legacy_key AND a.state IN ('open', 'ignored')`;
