/**
 * What to do with each row of a batch (SEMANTICS 11 to 15, 23), decided in the work table in four statements:
 *
 * 1. `gather`: staged rows that are new or differ from a base, with references resolved and the key that a new row gets.
 *    On a fresh entity no mapping is looked up. Look-ups are LATERAL or scalar: a join against tables that are being
 *    filled gets a quadratic plan (measured: 20 times slower), and one against large tables reads them whole for each batch.
 * 2. `gatherVanished` (gather-vanished.ts): mapped rows of the range that the source no longer has.
 * 3. `findByIdentity`: rows without a mapping that somebody migrated before.
 * 4. `lockRows`, then `judge`: the target rows concerned are locked in key order, projected again, and classified.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import { judgeColumns, sourceChanged } from './judge-columns.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { newUuid } from './new-key.ts';
import type { KeyRange } from './range.ts';
import { allOf, inRange } from './range.ts';
import { stage, work } from './scratch.ts';

export type Mode = 'differential' | 'full' | 'missing-only';

export interface BatchFacts {
  readonly map: string;
  readonly mode: Mode;
  /** No mapping can exist in the range, so none is looked up. */
  readonly unmapped: boolean;
  /** The last look of this run: what still waits for a parent is set aside. */
  readonly final: boolean;
  /** Columns whose parents have their turn later in this run: what lacks one waits also at its last look. */
  readonly later?: readonly string[];
  /** A dry run: parents are looked for in the source as well, because nothing is written. */
  readonly dry: boolean;
}

type Reference = CompiledEntity['references'][number];

/** A parent's mapping, of alias `p`, is the one that the staged row `g` refers to. */
export const parentMatches = (reference: Reference, p: string): string =>
  `${p}.${reference.parentOrder === 'integer' ? 'legacy_id' : 'legacy_key'} = g.${reference.staged} AND ${p}.closed_by IS NULL`;

/** The target key of a parent's mapping. */
export const parentKey = (reference: Reference, p: string): string =>
  reference.parentKey === 'uuid' ? `${p}.target_uuid` : `${p}.target_key::${reference.type}`;

/** Scalar look-up of a reference's target key through the parent's mappings. */
export const resolved = (reference: Reference): string =>
  reference.parentLeaf === null
    ? `NULL::${reference.type}`
    : `(SELECT ${parentKey(reference, 'p')} FROM ${reference.parentLeaf} p WHERE ${parentMatches(reference, 'p')})`;

/** A reference is asked for and leads nowhere. */
export const isAbsent = (reference: Reference): string =>
  `g.${reference.staged} IS NOT NULL AND w.${reference.staged} IS NULL`;

/** Names of references that are asked for and lead nowhere, or NULL when there is none. */
function missingReferences(entity: CompiledEntity, dry: boolean): string {
  if (entity.references.length === 0) return 'NULL::text[]';
  const each = entity.references.map((reference, i) => {
    const absent = `${isAbsent(reference)}${dry ? ` AND NOT g.p${i}` : ''}`;
    return `CASE WHEN ${absent} THEN ${quoteLiteral(reference.column)} END`;
  });
  return `nullif(array_remove(ARRAY[${each.join(', ')}], NULL), '{}')`;
}

/** Whether a row cannot be written without the reference, now or at all; `known`: the row is in the target already. */
export const isRequired = (r: Reference, known: boolean): boolean =>
  !r.nullable || (r.onMissing === 'setAside' && (known || !r.cut));

export const required = (entity: CompiledEntity, known: boolean): string => {
  const names = entity.references.filter((r) => isRequired(r, known)).map((r) => quoteLiteral(r.column));
  return `ARRAY[${names.join(', ')}]::text[]`;
};

const columnList = (entity: CompiledEntity): string =>
  [
    'k',
    'action',
    'known',
    'in_source',
    'source_changed',
    'target_state',
    'based',
    'target_uuid',
    'target_key',
    'code',
    'missing',
    ...entity.references.map((r) => r.staged),
  ].join(', ');

/** Where the source has changed the row, step 4 looks at the target anyway. */
const JUDGED_HERE = 'm.closed OR g.h IS NOT DISTINCT FROM m.source_hash';

/** Step 1. */
export function gather(entity: CompiledEntity, range: KeyRange, facts: BatchFacts): string {
  const keyColumn = targetKeyColumn(entity);
  const references = entity.references.map((reference) => `${resolved(reference)} AS ${reference.staged}`);
  const uuid = entity.target.surrogate
    ? facts.unmapped
      ? newUuid(entity, facts.map)
      : `coalesce(m.target_uuid, ${newUuid(entity, facts.map)})`
    : facts.unmapped
      ? 'NULL::uuid'
      : 'm.target_uuid';
  const natural = entity.target.keyDesired;
  const keyOf = (column: 'target_uuid' | 'target_key', type: string): string => {
    if (column !== keyColumn) return `NULL::${type}`;
    if (column === 'target_uuid')
      return natural === null
        ? 'w.target_uuid'
        : `coalesce(${facts.unmapped ? 'NULL::uuid' : 'm.target_uuid'}, ${natural})`;
    return `coalesce(${facts.unmapped ? 'NULL::text' : 'm.target_key'}, ${natural ?? 'NULL'})`;
  };
  const missing = missingReferences(entity, facts.dry);
  const later = (facts.later ?? []).map(quoteLiteral).join(', ');
  const last = later === '' ? "'set_aside'" : `CASE WHEN x.missing && ARRAY[${later}] THEN 'park' ELSE 'set_aside' END`;
  const wait = facts.final || facts.dry ? last : "'park'";
  const waits = (known: boolean): string => `x.missing && ${required(entity, known)}`;
  const known = facts.unmapped
    ? `CASE WHEN ${waits(false)} THEN ${wait} ELSE 'insert' END, false, true, true, NULL::text, false`
    : `CASE WHEN m.k IS NULL THEN CASE WHEN ${waits(false)} THEN ${wait} ELSE 'insert' END
         ${facts.mode === 'full' ? '' : "WHEN m.closed THEN 'reappeared' "}WHEN ${waits(true)}${facts.mode === 'full' ? '' : ' AND g.h IS DISTINCT FROM m.source_hash'} THEN ${wait} ELSE 'judge' END,
       m.k IS NOT NULL, true, m.k IS NULL OR m.closed OR g.h IS DISTINCT FROM m.source_hash,
       CASE WHEN m.k IS NULL${facts.mode === 'differential' ? ' OR NOT (' + JUDGED_HERE + ')' : ''} THEN NULL WHEN t.h IS NULL THEN 'absent' WHEN t.h IS DISTINCT FROM m.target_hash THEN 'changed' ELSE 'same' END,
       m.source_hash IS NOT NULL AND m.target_hash IS NOT NULL`;
  const mapping = facts.unmapped
    ? ''
    : `LEFT JOIN LATERAL (SELECT ${leafKey(entity)} AS k, m.closed_by IS NOT NULL AS closed, m.source_hash, m.target_hash, m.target_uuid, m.target_key FROM ${entity.leaf} m WHERE ${leafKey(entity)} = g.k OFFSET 0) m ON true
      LEFT JOIN LATERAL (SELECT ${entity.target.hash} AS h FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('m')}${facts.mode === 'differential' ? ` AND (${JUDGED_HERE})` : ''} OFFSET 0) t ON m.k IS NOT NULL`;
  const attention = {
    differential: 'm.k IS NULL OR m.closed OR g.h IS DISTINCT FROM m.source_hash OR t.h IS DISTINCT FROM m.target_hash',
    full: 'true',
    'missing-only': 'm.k IS NULL OR t.h IS NULL',
  }[facts.mode];
  const conditions = [...inRange(entity.order, 'g.k', range), ...(facts.unmapped ? [] : [`(${attention})`])];
  return `INSERT INTO ${work(entity)} (${columnList(entity)})
    SELECT g.k, ${known}, ${keyOf('target_uuid', 'uuid')}, ${keyOf('target_key', 'text')}, CASE WHEN x.missing IS NOT NULL THEN 'M003' END, x.missing${entity.references.map((r) => `, w.${r.staged}`).join('')}
    FROM ${stage(entity)} g ${mapping}
    CROSS JOIN LATERAL (SELECT ${[`${uuid} AS target_uuid`, ...references].join(', ')} OFFSET 0) w
    CROSS JOIN LATERAL (SELECT ${missing} AS missing OFFSET 0) x
    WHERE ${allOf(conditions)}`;
}

/**
 * Step 3. One row found by identity and mapped to nobody: adopt it. Several, or one that is mapped already, or a row that
 * has the new key without a mapping: M004, set aside, none touched (SEMANTICS 11).
 */
export function findByIdentity(entity: CompiledEntity): readonly string[] {
  const column = targetKeyColumn(entity);
  const mapped =
    entity.leaf === null
      ? 'false'
      : `EXISTS (SELECT FROM ${entity.leaf} m WHERE m.${column} = f.key AND m.closed_by IS NULL)`;
  // With an index on the identity each row looks it up; without one only a join that hashes the target is bearable.
  const found = `SELECT ${entity.target.keyOfRow} AS key FROM ${entity.target.table} t WHERE ${entity.target.matchesIdentity}`;
  const matches = entity.target.identityIndexed
    ? `${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k CROSS JOIN LATERAL (${found} OFFSET 0) f`
    : `${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k JOIN LATERAL (${found}) f ON true`;
  const byIdentity =
    entity.target.matchesIdentity === null
      ? []
      : [
          `UPDATE ${work(entity)} u SET action = CASE WHEN f.rows > 1 OR f.mapped THEN 'set_aside' ELSE 'adopt' END,
             code = CASE WHEN f.rows > 1 OR f.mapped THEN 'M004' END, ${column} = CASE WHEN f.rows > 1 OR f.mapped THEN u.${column} ELSE f.key END
           FROM (SELECT w.ctid AS place, count(*) AS rows, bool_or(${mapped}) AS mapped, (array_agg(f.key))[1] AS key FROM ${matches} WHERE w.action = 'insert' GROUP BY w.ctid) f
           WHERE u.ctid = f.place`,
        ];
  const occupied = `UPDATE ${work(entity)} w SET action = 'set_aside', code = 'M004' WHERE w.action = 'insert' AND EXISTS (SELECT FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')})`;
  return [...byIdentity, occupied];
}

/** Over `w`: its mapping was closed, and the row that it stood for is another key's now. */
export const belongsToAnother = (entity: CompiledEntity): string => {
  const column = targetKeyColumn(entity);
  return `EXISTS (SELECT FROM ${entity.leaf} m JOIN ${entity.leaf} o ON o.${column} = m.${column} AND o.closed_by IS NULL WHERE ${leafKey(entity)} = w.k AND m.closed_by IS NOT NULL AND ${leafKey(entity, 'o')} <> w.k)`;
};

/** Rows that appear again are not written over what has become another key's: M004, set aside. */
export const refuseReused = (entity: CompiledEntity): string =>
  `UPDATE ${work(entity)} w SET action = 'set_aside', code = 'M004' WHERE w.action = 'judge' AND w.known AND ${belongsToAnother(entity)}`;

/** Step 4a: in key order, so that two batches cannot wait for each other. */
export const lockRows = (entity: CompiledEntity, mode: Mode): string =>
  `SELECT count(*) AS locked FROM (SELECT w.* FROM ${work(entity)} w WHERE w.action IN ('judge', 'adopt')${entity.target.mark === null ? " AND w.target_state IS DISTINCT FROM 'absent'" : ''}
     AND (w.action = 'adopt' OR w.source_changed OR NOT w.based${mode === 'differential' ? '' : ' OR w.equal IS NOT NULL'}) ORDER BY w.${targetKeyColumn(entity)}) w
   CROSS JOIN LATERAL (SELECT 1 FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')} FOR UPDATE) l`;

/**
 * Before step 4 of a mode that looks at every row: rows that a first, unlocked look finds to need nothing are let go, all
 * others are judged again under lock; all of them where equal rows are to be written too.
 */
export const judgeAgain = (entity: CompiledEntity, equalToo = false): string =>
  `UPDATE ${work(entity)} SET action = 'judge' WHERE known AND in_source AND equal IS NOT NULL AND action IN ('update', 'rebase'${equalToo ? ", 'none'" : ''})`;

/** Rows that are named are written even where they are equal on both sides. */
export const writeEqual = (entity: CompiledEntity): string =>
  `UPDATE ${work(entity)} SET action = CASE action WHEN 'adopt' THEN 'adopt_update' ELSE 'update' END WHERE in_source AND action IN ('none', 'rebase', 'adopt')`;

/** Step 4b: the table of SEMANTICS 14 for rows that the source has. */
export function judge(entity: CompiledEntity, mode: Mode, dry: boolean): string {
  const equal = entity.columns
    .filter((c) => !c.onInsertOnly)
    .map((c) => `${c.exactDesired} IS NOT DISTINCT FROM ${c.exactTarget}`);
  const base =
    entity.leaf === null
      ? 'NULL::bigint'
      : `(SELECT m.target_hash FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k)`;
  const differential = `CASE
      WHEN w.action = 'adopt' THEN CASE WHEN coalesce(n.equal, false) THEN 'adopt' ELSE 'adopt_conflict' END
      WHEN n.h IS NULL THEN CASE WHEN CASE WHEN w.based THEN w.source_changed ELSE ${sourceChanged(entity)} END THEN 'conflict' ELSE 'missing' END
      WHEN n.equal THEN 'rebase'
      WHEN NOT w.based THEN n.by_column
      WHEN n.h IS DISTINCT FROM n.base THEN CASE WHEN w.source_changed THEN 'conflict' ELSE 'kept' END
      WHEN w.source_changed THEN 'update' ELSE 'none' END`;
  // A row that is marked as deleted counts as absent, and is there all the same: to write it again is to update it.
  const { mark } = entity.target;
  const live = mark === null ? [] : [`t.${quoteIdentifier(mark.column)} IS NULL`];
  const absent = (action: string): string => (mark === null ? '' : `WHEN n.h IS NULL AND n.there THEN '${action}' `);
  const full = `CASE
      WHEN w.action = 'adopt' THEN CASE WHEN n.equal THEN 'adopt' ELSE 'adopt_update' END
      ${absent('update')}WHEN n.h IS NULL THEN 'again'
      WHEN n.equal THEN CASE WHEN w.based AND NOT w.source_changed AND n.h = n.base THEN 'none' ELSE 'rebase' END
      ELSE 'update' END`;
  const missingOnly = `CASE WHEN w.action = 'adopt' THEN CASE WHEN n.equal THEN 'adopt' ELSE 'adopt_conflict' END ${absent('none')}WHEN n.h IS NULL THEN 'again' ELSE 'none' END`;
  const action = { differential, full, 'missing-only': missingOnly }[mode];
  // In a dry run a parent may be known only to the source: its key is not there to compare with, so the row counts as different.
  const unresolved = dry
    ? entity.references.map((r) => `NOT (g.${r.staged} IS NOT NULL AND w.${r.staged} IS NULL)`)
    : [];
  const byColumn =
    mode === 'differential'
      ? `, CASE WHEN w.action = 'judge' AND NOT w.based THEN ${judgeColumns(entity)} END AS by_column`
      : '';
  return `UPDATE ${work(entity)} u SET equal = n.equal, target_state = CASE WHEN n.h IS NULL THEN 'absent' WHEN n.h IS DISTINCT FROM n.base THEN 'changed' ELSE 'same' END, action = n.action
    FROM (SELECT w.ctid AS place, n.h, n.base, n.equal, ${action} AS action FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k
      CROSS JOIN LATERAL (SELECT t.h, t.equal${byColumn === '' ? '' : ', t.by_column'}, ${mark === null ? '' : 'coalesce(t.there, false) AS there, '}${base} AS base FROM (SELECT 1) one LEFT JOIN LATERAL
        (SELECT ${entity.target.hash} AS h, ${mark === null ? '' : 'true AS there, '}${allOf([...equal, ...live, ...unresolved])} AS equal${byColumn} FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}) t ON true OFFSET 0) n
      WHERE w.action IN ('judge', 'adopt')) n
    WHERE u.ctid = n.place`;
}

const WRITTEN = "('insert', 'again', 'update')";

/** Of a dry run: rows that would be refused for a NULL. A parent that only the source knows yet has a key by then. */
export function refuseNulls(entity: CompiledEntity): string {
  const required = entity.columns.filter((column) => column.notNull);
  const isNull = required.map((column) =>
    column.kind === 'reference' ? `g.${column.staged ?? ''} IS NULL` : `(${column.desired}) IS NULL`,
  );
  return `UPDATE ${work(entity)} w SET action = 'set_aside', code = 'M012' FROM ${stage(entity)} g WHERE g.k = w.k AND w.action IN ${WRITTEN} AND (${[...isNull, 'false'].join(' OR ')})`;
}

/** Of a dry run: evaluates every value as it would be written. */
export const castAll = (entity: CompiledEntity): string =>
  `SELECT count(${entity.target.hashDesired}) AS rows FROM ${work(entity)} w JOIN ${stage(entity)} g ON g.k = w.k WHERE w.action IN ${WRITTEN}`;
