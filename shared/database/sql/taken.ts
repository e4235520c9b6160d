/**
 * Rows of a batch that want what another row has: a value of a unique key, over expressions or not, or a place that an
 * exclusion constraint gives to one alone. `n` is a row that is to be written with what it wants, `t` a row of the target.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import type { ExclusiveKey, ExclusiveKeys } from '../catalog/read-exclusive-keys.ts';
import { resolved } from './decide.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { stage, work } from './scratch.ts';

const WRITES = "('insert', 'again', 'update')";

/** The row as it would stand in the target, under the bare names of its columns. Of an insert what is not mapped is not known: NULL. */
function wantedRow(entity: CompiledEntity, { columns }: ExclusiveKeys): string {
  const mapped = new Map(entity.columns.map((column) => [column.column, column]));
  const { alwaysIdentity, mark, surrogate, key } = entity.target;
  const value = (name: string): string => {
    const column = mapped.get(name);
    const now = `o.${quoteIdentifier(name)}`;
    if (surrogate && name === key[0]) return 'w.target_uuid';
    if (name === mark?.column) return `NULL::${mark.type}`;
    if (column === undefined) return now;
    return column.onInsertOnly || alwaysIdentity.includes(name)
      ? `CASE WHEN w.action = 'update' THEN ${now} ELSE ${column.desired} END`
      : column.desired;
  };
  const as = ({ name, collation }: ExclusiveKeys['columns'][number], sql: string): string =>
    `(${sql})${collation === null ? '' : ` COLLATE ${collation}`} AS ${quoteIdentifier(name)}`;
  const values = columns.flatMap((column) => (column.generated === null ? [as(column, value(column.name))] : []));
  const generated = columns.flatMap((column) => (column.generated === null ? [] : [as(column, column.generated)]));
  const row = `(SELECT ${values.join(', ')} OFFSET 0)`;
  return generated.length === 0 ? row : `(SELECT d.*, ${generated.join(', ')} FROM ${row} d OFFSET 0)`;
}

/** What each row that is to be written wants of a key. */
function wanted(entity: CompiledEntity, keys: ExclusiveKeys, key: ExclusiveKey, rows: string): string {
  const elements = key.elements.map(({ expression }, i) => `${expression} AS e${i}`).join(', ');
  const counts = [
    ...(key.predicate === null ? [] : [`(${key.predicate})`]),
    ...(key.nullsEqual ? [] : key.elements.map(({ expression }) => `${expression} IS NOT NULL`)),
  ];
  return `SELECT w.k, w.action, w.${targetKeyColumn(entity)} AS own, e.* FROM ${rows}
       LEFT JOIN LATERAL (SELECT t.* FROM ${entity.target.table} t WHERE w.action = 'update' AND ${entity.target.matchesMapping('w')}) o ON true
       CROSS JOIN LATERAL (SELECT ${elements} FROM ${wantedRow(entity, keys)} x${counts.length === 0 ? '' : ` WHERE ${counts.join(' AND ')}`}) e`;
}

const decided = (entity: CompiledEntity): string =>
  `(SELECT w.* FROM ${work(entity)} w WHERE w.action IN ${WRITES}) w JOIN ${stage(entity)} g ON g.k = w.k`;

/** Staged rows, before anything is decided. */
const undecided = (entity: CompiledEntity): string => {
  const references = entity.references.map((reference) => `${resolved(reference)} AS ${reference.staged}`);
  const known = [
    "g.k, CASE WHEN m.entity_id IS NULL THEN 'insert' ELSE 'update' END AS action, m.target_uuid, m.target_key, NULL::text[] AS missing",
    ...references,
  ];
  return `${stage(entity)} g LEFT JOIN ${entity.leaf} m ON ${leafKey(entity)} = g.k CROSS JOIN LATERAL (SELECT ${known.join(', ')} OFFSET 0) w`;
};

const excludes = ({ elements, nullsEqual }: ExclusiveKey, a: string, b: string): string =>
  elements
    .map(({ operator }, i) => {
      const same = `${a}.e${i} ${operator} ${b}.e${i}`;
      return nullsEqual ? `(${same} OR ${a}.e${i} IS NULL AND ${b}.e${i} IS NULL)` : same;
    })
    .join(' AND ');

/** Keys of target rows other than its own that are in the way of `n`, as `f.key`. */
const inTheWay = (entity: CompiledEntity, { elements, predicate, nullsEqual }: ExclusiveKey): string => {
  const same = elements.map(({ expression, operator }, i) => {
    const equal = `${expression} ${operator} n.e${i}`;
    return nullsEqual ? `(${equal} OR ${expression} IS NULL AND n.e${i} IS NULL)` : equal;
  });
  const conditions = [...same, ...(predicate === null ? [] : [`(${predicate})`])].join(' AND ');
  return `(SELECT ${entity.target.keyOfRow} AS key FROM ${entity.target.table} t WHERE ${conditions} AND NOT (n.action = 'update' AND ${entity.target.keyOfRow} = n.own)) f`;
};

/**
 * Of a batch that was refused for a key: rows that want what another row has, or what an earlier one of the batch wants, wait
 * for the end of the entity. One statement a key.
 */
export const parkTaken = (entity: CompiledEntity, keys: ExclusiveKeys): readonly string[] =>
  keys.keys.map(
    (key) => `UPDATE ${work(entity)} u SET action = 'park', taken = ${quoteLiteral(key.name)} FROM (
     WITH want AS MATERIALIZED (${wanted(entity, keys, key, decided(entity))})
     SELECT n.k FROM want n WHERE EXISTS (SELECT FROM want r WHERE r.k < n.k AND ${excludes(key, 'r', 'n')})
     UNION SELECT n.k FROM want n CROSS JOIN LATERAL ${inTheWay(entity, key)}) x
   WHERE u.k = x.k AND u.action IN ${WRITES}`,
  );

/**
 * Rows that want what a row of the target has: `holder` is the row of the batch that stands for it and is to have something
 * else, `held` the key of any other.
 */
export const claims = (entity: CompiledEntity, keys: ExclusiveKeys, key: ExclusiveKey): string =>
  `WITH want AS MATERIALIZED (${wanted(entity, keys, key, decided(entity))})
   SELECT n.k::text AS key, CASE WHEN NOT coalesce(${excludes(key, 'x', 'n')}, false) THEN u.k::text END AS holder, u.k::text AS by, f.key::text AS held
   FROM want n CROSS JOIN LATERAL ${inTheWay(entity, key)}
   LEFT JOIN ${work(entity)} u ON u.${targetKeyColumn(entity)} = f.key AND u.action = 'update' LEFT JOIN want x ON x.k = u.k`;

/** Rows of the batch of which one alone can be written: as lists for a unique key, in pairs for an exclusion constraint. */
export const rivals = (entity: CompiledEntity, keys: ExclusiveKeys, key: ExclusiveKey): string => {
  const elements = key.elements.map((_, i) => `n.e${i}`).join(', ');
  const want = `WITH want AS MATERIALIZED (${wanted(entity, keys, key, decided(entity))})`;
  return key.unique
    ? `${want} SELECT json_agg(n.k::text ORDER BY n.k) AS keys FROM want n GROUP BY ${elements} HAVING count(*) > 1`
    : `${want} SELECT json_build_array(r.k::text, n.k::text) AS keys FROM want n JOIN want r ON r.k < n.k AND ${excludes(key, 'r', 'n')}`;
};

/** Of keys $1 of target rows: whom each stands for, and whether that row is parked and may still give up what it has. */
export const ownersOf = (entity: CompiledEntity): string =>
  `SELECT m.${targetKeyColumn(entity)}::text AS held, ${leafKey(entity)}::text AS by, EXISTS (SELECT FROM portage.parked_rows p WHERE p.entity_id = ${entity.entityId} AND p.legacy_key = ${leafKey(entity)}::text)::text AS parked
   FROM ${entity.leaf} m WHERE m.closed_by IS NULL AND m.${targetKeyColumn(entity)} = ANY ($1::${targetKeyColumn(entity) === 'target_uuid' ? 'uuid' : 'text'}[])`;

/** Of the same keys those that another entity's rows have: null where none shares the table. */
export const ownersBeside = (entity: CompiledEntity): string | null => {
  const key = targetKeyColumn(entity);
  const type = key === 'target_uuid' ? 'uuid' : 'text';
  return entity.sharing.length === 0
    ? null
    : entity.sharing
        .map(
          ({ name, leaf, order }) =>
            `SELECT m.${key}::text AS held, m.${order === 'integer' ? 'legacy_id' : 'legacy_key'}::text || ${quoteLiteral(` of ${name}`)} AS by FROM ${leaf} m WHERE m.closed_by IS NULL AND m.${key} = ANY ($1::${type}[])`,
        )
        .join(' UNION ALL ');
};

/** Of a batch that is about refused rows alone: $1 keys, $2 why each is, and $3 of which columns; the others are not touched. */
export const refuseTaken = (entity: CompiledEntity): readonly [string, string] => [
  `UPDATE ${work(entity)} w SET action = 'set_aside', code = NULL, missing = NULL, taken = x.why, taken_columns = x.columns FROM unnest($1::text[], $2::text[], $3::text[]) AS x (k, why, columns) WHERE w.k::text = x.k`,
  `DELETE FROM ${work(entity)} WHERE taken IS NULL`,
];

/** Pairs of staged rows of which the first is to have what the second has now: one statement a key. */
export const takers = (entity: CompiledEntity, keys: ExclusiveKeys): readonly string[] =>
  keys.keys.map(
    (key) => `WITH want AS MATERIALIZED (${wanted(entity, keys, key, undecided(entity))})
   SELECT n.k::text AS taker, s.k::text AS holder FROM want n CROSS JOIN LATERAL ${inTheWay(entity, key)}
   JOIN ${entity.leaf} m ON m.${targetKeyColumn(entity)} = f.key JOIN ${stage(entity)} s ON s.k = ${leafKey(entity)}`,
  );
