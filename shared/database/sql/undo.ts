/**
 * Taking back one transaction of an operation (SEMANTICS 28 to 30), decided in a table of the session:
 *
 * 1. `gatherUndo`: the undo entries of the transaction, one row a legacy key.
 * 2. `lockUndo`, in key order, so that nobody edits a row or begins to refer to it between the look and the write.
 * 3. `judgeUndo`: rows that are no longer what was written get a verdict, and stay.
 * 4. `keepReferred`, for every foreign key that leads to a table: a row stays to which a row refers that does not go with it.
 * 5. The writes are in undo-write.ts, what is recorded beside them in undo-record.ts.
 */
import type { Relation } from '../../domain/catalog.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { qualifiedName, quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import type { ReferencingKey } from '../catalog/read-referencing.ts';
import type { RestColumns } from '../catalog/read-rest.ts';
import { leafKey, targetKeyColumn } from './leaf.ts';
import { referredColumns, refersTo } from './vanished.ts';
import { undoArrays } from './write.ts';

/** The rows of one entity that a transaction wrote. A row without a verdict is taken back. */
export const undoTable = (entity: CompiledEntity): string => `pg_temp.undo_${entity.entityId}`;

/**
 * kind: what was done to the row (insert, update, delete), or none where only the mapping changed. forget: the mapping was
 * made with it. mapped_by: the mapping was taken away, and was made by that operation.
 */
export const createUndo = (entity: CompiledEntity): string => {
  const name = `undo_${entity.entityId}`;
  return `CREATE TEMP TABLE IF NOT EXISTS ${name} (k ${entity.order === 'integer' ? 'bigint' : 'text COLLATE "C"'} NOT NULL, kind text NOT NULL, forget boolean NOT NULL,
      target_uuid uuid, target_key text COLLATE "C", key_before text COLLATE "C", before jsonb, after jsonb, hash_after bigint, base_after bigint, source_after bigint, xid xid8, written_at timestamptz,
      source_hash bigint, target_hash bigint, source_columns bytea, target_columns bytea, closed_before integer, mapped_by integer, mapped_origin "char", waiting jsonb, linked boolean,
      verdict text, columns text[], later_no integer, detail text) ON COMMIT DELETE ROWS;
    CREATE INDEX IF NOT EXISTS ${name}_k ON pg_temp.${name} (k); CREATE INDEX IF NOT EXISTS ${name}_target ON pg_temp.${name} (${targetKeyColumn(entity)})`;
};

/**
 * Where rows and mappings are read: in the tables, or, of a dry run, as they would be after what it has foreseen so far
 * (undo-foresee.ts).
 */
export interface UndoView {
  /** FROM item and condition that give the row that `w` stands for, as `t`. */
  row(entity: CompiledEntity, relation: Relation): string;
  /** Over `t`: it is as this rollback would have left it. */
  readonly ours: string;
  /** Over `t`: the transaction that wrote it, null where it is only foreseen. */
  readonly xmin: string;
  /** The mapping of `w`. */
  mapping(entity: CompiledEntity): string;
  /** Over `t`, a row of a child's table: it is gone, or refers to another row now; null where the table says so itself. */
  gone(child: CompiledEntity, key: ReferencingKey): string | null;
  /** The list of rows that are kept. */
  readonly kept: string;
}

/** What is to be taken back, and by whom. */
export interface UndoFacts {
  /** The rollback. */
  readonly rollbackNo: number;
  /** The operation whose transaction it is. */
  readonly operationNo: number;
  /** It was a rollback itself. */
  readonly ofRollback: boolean;
  /** Only rows that this earlier rollback had to keep. */
  readonly again: number | null;
  /** The bases of the entity are still taken as the operation took them. */
  readonly comparable: boolean;
}

const asKey = (entity: CompiledEntity, text: string): string => (entity.order === 'integer' ? `${text}::bigint` : text);
const asTarget = (entity: CompiledEntity, text: string): string =>
  targetKeyColumn(entity) === 'target_uuid' ? `${text}::uuid` : text;

/** Rows that this rollback keeps already have their verdict. */
const chosenRows = (entity: CompiledEntity, facts: UndoFacts, view: UndoView, key: string): string => {
  const kept = (rollbackNo: number, list = 'portage.kept_rows'): string =>
    `EXISTS (SELECT FROM ${list} q WHERE q.rollback_no = ${rollbackNo} AND q.entity_id = ${entity.entityId} AND q.legacy_key = ${key})`;
  return `NOT ${kept(facts.rollbackNo, view.kept)}${facts.again === null ? '' : ` AND ${kept(facts.again)}`}`;
};

/** The transaction as its rows show it in xmin. */
const shownXid = (xid: string): string => `(${xid}::text::bigint & 4294967295)::text`;
/** A ledger whose own rows are not of the transaction that they name was dumped and restored: then no xmin says anything. */
const trustedXid = 'CASE WHEN u.xmin::text = ' + shownXid('u.xid') + ' THEN u.xid END';

const BASES = 'source_hash, target_hash, source_columns, target_columns';
const LOGGED = BASES.split(', ')
  .map((column) => `u.${column}`)
  .join(', ');

/** Step 1. $1: numbers of the batches. */
export function gatherUndo(entity: CompiledEntity, facts: UndoFacts, view: UndoView = TABLES): readonly string[] {
  const key = targetKeyColumn(entity);
  const { legacy, target } = undoArrays(entity);
  const table = undoTable(entity);
  const log = `FROM portage.undo_log u WHERE u.operation_no = ${facts.operationNo} AND u.entity_id = ${entity.entityId} AND u.batch_no = ANY ($1::bigint[]) AND ${chosenRows(entity, facts, view, 'u.legacy_key')}`;
  const columns = `(k, kind, forget, ${key}, key_before, before, after, hash_after, base_after, source_after, xid, written_at, ${BASES}, closed_before, mapped_by, mapped_origin, waiting, linked)`;
  const values = (kind: string, forget: string): string =>
    `SELECT ${asKey(entity, 'u.legacy_key')}, ${kind}, ${forget}, ${asTarget(entity, 'u.target_key')}, u.key_before, u.before, u.after, u.hash_after, u.base_after, u.source_after, ${trustedXid}, u.written_at, ${LOGGED}, u.closed_before, u.mapped_by, u.mapped_origin, u.waiting, u.linked`;
  return [
    `INSERT INTO ${table} (k, kind, forget, ${key}, hash_after, xid, written_at)
     SELECT x.k, 'insert', true, x.key, x.h, ${trustedXid}, u.written_at FROM portage.undo_inserts u CROSS JOIN LATERAL unnest(u.${legacy}, u.${target}, u.hashes) AS x (k, key, h)
     WHERE NOT u.mapped AND u.operation_no = ${facts.operationNo} AND u.entity_id = ${entity.entityId} AND u.batch_no = ANY ($1::bigint[]) AND ${chosenRows(entity, facts, view, 'x.k::text')}`,
    // A mapping that the row came back to stays as it is now.
    `INSERT INTO ${table} (k, kind, forget, ${key}, hash_after, xid, written_at, ${BASES}, closed_before)
     SELECT w.k, 'insert', false, w.key, w.h, ${trustedXid}, u.written_at, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by FROM portage.undo_inserts u CROSS JOIN LATERAL unnest(u.${legacy}, u.${target}, u.hashes) AS w (k, key, h) ${view.mapping(entity)}
     WHERE u.mapped AND u.operation_no = ${facts.operationNo} AND u.entity_id = ${entity.entityId} AND u.batch_no = ANY ($1::bigint[]) AND ${chosenRows(entity, facts, view, 'w.k::text')}`,
    `INSERT INTO ${table} ${columns} ${values('u.action', 'false')} ${log} AND u.action IN ('update', 'delete')`,
    // What was done to the mapping beside the row: an adoption that was written over, or an insert whose mapping was there.
    `UPDATE ${table} w SET forget = u.action = 'adopt', ${BASES.split(', ')
      .map((column) => `${column} = u.${column}`)
      .join(', ')}, closed_before = u.closed_before, key_before = u.key_before
     FROM portage.undo_log u WHERE w.k = ${asKey(entity, 'u.legacy_key')} AND u.operation_no = ${facts.operationNo} AND u.entity_id = ${entity.entityId} AND u.batch_no = ANY ($1::bigint[]) AND u.action IN ('adopt', 'remap')`,
    `INSERT INTO ${table} ${columns} ${values("'none'", "u.action = 'adopt'")} ${log} AND u.action IN ('adopt', 'remap') AND NOT EXISTS (SELECT FROM ${table} w WHERE w.k = ${asKey(entity, 'u.legacy_key')})`,
  ];
}

/** Step 2. */
export const lockUndo = (entity: CompiledEntity): string =>
  `SELECT count(*) AS locked FROM (SELECT w.* FROM ${undoTable(entity)} w WHERE w.kind IN ('insert', 'update') ORDER BY w.${targetKeyColumn(entity)}) w
   CROSS JOIN LATERAL (SELECT 1 FROM ${entity.target.table} t WHERE ${entity.target.matchesMapping('w')} FOR UPDATE) l`;

/** The whole number of a transaction that a row shows: the latest one that ends in it. */
const wholeXid = (shown: string): string => `(c.at - ((c.at - ${shown}::text::bigint) & 4294967295))::text::xid8`;

/** What a mapping says. */
const MAPPING =
  'true AS there, m.operation_no, m.origin, m.closed_by, m.source_hash, m.target_hash, m.source_columns, m.target_columns';
/** The mapping of a row of the undo table. */
export const mappingOf = (entity: CompiledEntity): string =>
  `LEFT JOIN LATERAL (SELECT ${MAPPING} FROM ${entity.leaf} m WHERE ${leafKey(entity)} = w.k OFFSET 0) m ON true`;

/** The tables as they are. */
export const TABLES: UndoView = {
  row: (entity) => `${entity.target.table} t WHERE ${entity.target.matchesMapping('w')}`,
  ours: 'false',
  xmin: 't.xmin',
  mapping: mappingOf,
  gone: () => null,
  kept: 'portage.kept_rows',
};

/** The operation that wrote the row last, where one of ours did. */
const lastWriter = `LEFT JOIN LATERAL (SELECT o.operation_no, o.operation_type FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS at OFFSET 0) c
    JOIN portage.migration_batches b ON b.xid = ${wholeXid('t.xmin')} JOIN portage.migration_checkpoints p ON p.id = b.checkpoint_id JOIN portage.operations o USING (operation_id) LIMIT 1) l ON t.touched`;

/**
 * Step 3. The row still is what was written where nobody has touched it since; otherwise where all columns that can be
 * compared are as they were, and none is left that cannot be, unless one of our own operations wrote the row last.
 */
export function judgeUndo(
  entity: CompiledEntity,
  relation: Relation,
  rest: RestColumns,
  facts: UndoFacts,
  view: UndoView = TABLES,
): string {
  // Without the exact transaction a row is as it was written where everything that can be compared is.
  const asWritten = (columns: RestColumns['compared'], complete: boolean): string =>
    [
      't.h IS NOT DISTINCT FROM w.hash_after',
      ...columns.map((column) => `t.${column.alias}`),
      ...(complete ? [] : ['(w.xid IS NULL OR t.ours OR l.operation_no IS NOT NULL)']),
    ].join(' AND ');
  const untouched = '(w.xid IS NOT NULL AND NOT t.touched)';
  const inserted = `${untouched} OR (${asWritten(rest.compared, rest.uncomparable.length === 0)})`;
  const timeless = rest.compared.filter((column) => !column.timed);
  const complete = rest.uncomparable.length === 0 && timeless.length === rest.compared.length;
  // A row that the operation inserted and then linked stays whole where somebody edited it: it keeps its reference.
  const own = `w.linked AND m.origin = 'i' AND m.operation_no = ${facts.operationNo}`;
  const part = `coalesce(t.part, false) AND (NOT coalesce(${own}, false) OR ${untouched} OR (${asWritten(timeless, complete)}))`;
  const updated = `CASE WHEN w.after IS NOT NULL THEN ${part} ELSE t.h IS NOT DISTINCT FROM w.hash_after END`;
  const base = 'coalesce(w.base_after, w.hash_after)';
  const moved = facts.comparable
    ? `m.target_hash IS NOT NULL AND m.target_hash IS DISTINCT FROM ${base} AND m.target_hash IS DISTINCT FROM w.target_hash`
    : 'false';
  const deletedSince = facts.ofRollback ? 'false' : `m.closed_by IS DISTINCT FROM ${facts.operationNo}`;
  const later = `coalesce(l.operation_no > ${facts.operationNo} AND l.operation_type <> 'rollback', false)`;
  // A later decision for the target moves the base of the source alone.
  const remapped = facts.comparable
    ? `m.target_hash IS DISTINCT FROM ${base} OR m.source_hash <> w.source_after`
    : 'false';
  const verdict = `CASE w.kind
      WHEN 'delete' THEN CASE WHEN t.there THEN 'occupied'
        WHEN w.mapped_by IS NOT NULL THEN CASE WHEN m.there THEN 'later operation' END
        WHEN m.there IS NULL OR ${deletedSince} THEN 'later operation' END
      WHEN 'none' THEN CASE WHEN w.mapped_by IS NOT NULL THEN CASE WHEN m.there THEN 'later operation' END
        WHEN m.there IS NULL OR (w.forget AND m.operation_no <> ${facts.operationNo}) OR (${remapped}) THEN 'later operation' END
      ELSE CASE WHEN t.there IS NULL THEN 'deleted'
        WHEN (m.there IS NULL) = (w.mapped_by IS NULL) OR ${later} THEN 'later operation'
        WHEN NOT (CASE w.kind WHEN 'insert' THEN ${inserted} ELSE ${updated} END) THEN CASE WHEN l.operation_no NOT IN (${facts.operationNo}, ${facts.rollbackNo}) THEN 'later operation' ELSE 'edited' END
        WHEN ${moved} THEN 'later operation' END
    END`;
  const laterDecision = `(SELECT max(c.operation_no) FROM portage.conflict_decisions c WHERE c.entity_id = ${entity.entityId} AND c.legacy_key = w.k::text AND c.operation_no > ${facts.operationNo})`;
  const look = [
    'true AS there',
    `${entity.target.hash} AS h`,
    `${view.ours} AS ours`,
    `${rest.hasXmin ? `coalesce(${view.xmin}::text <> ${shownXid('w.xid')}, true)` : 'true'} AS touched`,
    `${rest.hasXmin ? view.xmin : 'NULL::xid'} AS xmin`,
    `CASE WHEN w.after IS NOT NULL THEN ${entity.target.wholeRow} @> w.after END AS part`,
    ...rest.compared.map((column) => `(${column.same}) AS ${column.alias}`),
  ];
  return `UPDATE ${undoTable(entity)} u SET verdict = x.verdict, later_no = nullif(x.later_no, ${facts.rollbackNo}) FROM (
     SELECT w.k, ${verdict} AS verdict, CASE WHEN l.operation_no <> ${facts.operationNo} THEN l.operation_no WHEN m.operation_no > ${facts.operationNo} THEN m.operation_no WHEN m.closed_by > ${facts.operationNo} THEN m.closed_by
         WHEN w.kind = 'none' THEN ${laterDecision} END AS later_no
     FROM ${undoTable(entity)} w ${view.mapping(entity)}
     LEFT JOIN LATERAL (SELECT ${look.join(', ')} FROM ${view.row(entity, relation)}) t ON w.kind <> 'none'
     ${lastWriter}) x
   WHERE u.k = x.k AND x.verdict IS NOT NULL`;
}

/** So many of the rows that refer to one are named. */
const SHOWN = 3;

/**
 * Step 4. @param children entities of the transaction whose rows are in the key's table: those that go too, or let go of
 * the row, are not in the way
 * @param foreseen all entities of the rollback whose rows are in it
 */
export function keepReferred(
  entity: CompiledEntity,
  relation: Relation,
  key: ReferencingKey,
  children: readonly CompiledEntity[],
  again: boolean,
  view: UndoView = TABLES,
  foreseen: readonly CompiledEntity[] = [],
): string {
  const gone = children.map((child) => {
    const own = `FROM ${undoTable(child)} x WHERE x.${targetKeyColumn(child)} = ${child.target.keyOfRow} AND x.verdict IS NULL`;
    const letsGo = key.pairs.map(
      ({ child: column }) =>
        `(x.before ? ${quoteLiteral(column)} AND x.before->>${quoteLiteral(column)} IS DISTINCT FROM t.${quoteIdentifier(column)}::text)`,
    );
    return `NOT EXISTS (SELECT ${own} AND (x.kind = 'insert' OR x.kind = 'update' AND (${letsGo.join(' OR ')})))`;
  });
  const before = foreseen.flatMap((child) => view.gone(child, key) ?? []).map((each) => `NOT ${each}`);
  const shown = key.shownKey === null ? 'NULL::text' : `t.${quoteIdentifier(key.shownKey)}::text`;
  const name = quoteLiteral(`${key.schema}.${key.table}`);
  return `UPDATE ${undoTable(entity)} u SET verdict = 'referenced', detail = concat_ws('; ', u.detail, x.who)
   FROM (SELECT w.k, ${name} || coalesce(' ' || r.keys, '') || ${quoteLiteral(` (${key.name})`)} AS who FROM ${undoTable(entity)} w
     CROSS JOIN LATERAL (SELECT ${referredColumns(key)} FROM ${view.row(entity, relation)}) p
     CROSS JOIN LATERAL (SELECT string_agg(c.key, ', ') AS keys FROM (SELECT ${shown} AS key FROM ${qualifiedName({ schema: key.schema, name: key.table })} t
       WHERE ${[refersTo(key, 'p'), ...gone, ...before].join(' AND ')} LIMIT ${SHOWN}) c HAVING count(*) > 0) r
     WHERE w.kind = 'insert' AND ${again ? 'w.verdict IS NULL' : "coalesce(w.verdict, 'referenced') = 'referenced'"}) x
   WHERE u.k = x.k`;
}
