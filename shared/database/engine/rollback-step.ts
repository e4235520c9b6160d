/** One transaction that is taken back: what is decided on its rows, and the order in which they are written. */
import { NOTHING, type RowCounts } from '../../domain/action-counts.ts';
import type { Relation } from '../../domain/catalog.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { RestColumns } from '../catalog/read-rest.ts';
import type { ReferencingKey } from '../catalog/read-referencing.ts';
import { PortageError } from '../../domain/errors.ts';
import { DataError } from '../pg-errors.ts';
import type { NextStep } from '../ledger/rollback-steps.ts';
import type { Session } from '../session.ts';
import {
  gatherUndo,
  judgeUndo,
  keepReferred,
  lockUndo,
  TABLES,
  undoTable,
  type UndoFacts,
  type UndoView,
} from '../sql/undo.ts';
import { lockForReplace, replaceable } from '../sql/rings.ts';
import * as write from '../sql/undo-write.ts';
import * as record from '../sql/undo-record.ts';
import { columnsReferredTo, mustKeep } from './referred.ts';
import type { Worker } from './worker.ts';

/** An entity of the rollback, compiled by the map of the operation that is taken back. */
export interface Undoing {
  readonly worker: Worker;
  readonly relation: Relation;
  readonly rest: RestColumns;
  /** Foreign keys that lead to its table. */
  readonly keys: readonly ReferencingKey[];
  readonly facts: UndoFacts;
}

/** How the rows are written: what stands in each other's way one way may not the other way. */
export interface Manner {
  readonly updatesFirst: boolean;
  readonly release: boolean;
  /** Rows are taken out and put in again, where nobody notices. */
  readonly replace?: true;
}
/** A value that another row has may be given up for a moment; no other fault is mended by that. */
export const mayHelp = (manner: Manner, refusal: DataError | null): boolean =>
  !manner.release || refusal === null || ['23505', '23P01'].includes(refusal.fault.sqlstate);
/** In the order in which they are tried. */
export const MANNERS: readonly Manner[] = [
  { updatesFirst: false, release: false },
  { updatesFirst: true, release: false },
  { updatesFirst: true, release: true },
  { updatesFirst: true, release: true, replace: true },
];

/** What takes the rows of the entity out and puts them in again as they were; null where that would not go unnoticed. */
async function replacementOf({ worker: { target, entity }, relation }: Undoing): Promise<string | null> {
  const { may, columns } = await target.one<{ may: string; columns: string }>(replaceable(entity));
  return may === 'true' ? write.replaceRestored(entity, relation, JSON.parse(columns) as string[]) : null;
}

/** The first thing in a transaction, before any row is locked. */
export async function lockForManner(group: readonly Undoing[], { replace }: Manner): Promise<void> {
  if (replace !== true) return;
  for (const each of group)
    if ((await replacementOf(each)) !== null) await each.worker.target.run(lockForReplace(each.worker.entity));
}

/** A table that others do not let go of is no reason to fail: then its rows are not taken out. */
export const isBusy = ({ replace }: Manner, error: unknown): boolean =>
  replace === true && error instanceof PortageError && error.code === 'M010';

/** All entities of a step are worked on over one session. */
export const sessionOf = (group: readonly Undoing[]): Session => {
  const [any] = group;
  if (any === undefined) throw new Error('a step has entities');
  return any.worker.target;
};

/** Gathers, locks and judges: what is left without a verdict is to be taken back. */
export async function decideStep(
  group: readonly Undoing[],
  step: Pick<NextStep, 'batches'>,
  view: UndoView = TABLES,
  all: readonly Undoing[] = group,
): Promise<void> {
  for (const { worker, facts } of group)
    for (const statement of gatherUndo(worker.entity, facts, view)) await worker.target.run(statement, [step.batches]);
  if (view === TABLES) for (const { worker } of group) await worker.target.run(lockUndo(worker.entity));
  for (const { worker, relation, rest, facts } of group)
    await worker.target.run(judgeUndo(worker.entity, relation, rest, facts, view));
  await keepAllReferred(group, view, all);
}

/** Rows stay to which rows refer that stay. */
export async function keepAllReferred(
  group: readonly Undoing[],
  view: UndoView = TABLES,
  all: readonly Undoing[] = group,
): Promise<void> {
  const inTable = (some: readonly Undoing[], key: ReferencingKey): CompiledEntity[] =>
    some
      .map(({ worker }) => worker.entity)
      .filter(({ target }) => target.relation.schema === key.schema && target.relation.name === key.table);
  const inserting: Undoing[] = [];
  for (const each of group) if (await any(each, "w.kind = 'insert'")) inserting.push(each);
  for (let again = false, changed = 1; changed > 0; again = true) {
    changed = 0;
    for (const { worker, relation, keys } of inserting)
      for (const key of keys)
        changed += await worker.target.run(
          keepReferred(worker.entity, relation, key, inTable(group, key), again, view, inTable(all, key)),
        );
  }
}

/** Whether a row that is to be taken back is of that kind. */
async function any({ worker: { target, entity } }: Undoing, condition: string): Promise<boolean> {
  const row = await target.one(
    `SELECT EXISTS (SELECT FROM ${undoTable(entity)} w WHERE w.verdict IS NULL AND ${condition})::text AS present`,
  );
  return row['present'] === 'true';
}

/** What would be taken back, and what kept. */
export async function countUndone(
  { target, entity }: Worker,
  operations: readonly number[],
  view: UndoView = TABLES,
): Promise<RowCounts> {
  const row = await target.one(record.countUndone(entity, view), [operations]);
  const numbers = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]));
  return { ...NOTHING, ...numbers };
}

/** Undo entries first, then the rows, then the mappings. @throws DataError when the database refuses one of the rows. */
export async function writeStep(group: readonly Undoing[], batches: readonly string[], manner: Manner): Promise<void> {
  const target = sessionOf(group);
  const facts = (i: number): write.OwnFacts => ({
    operationNo: group[i]?.facts.rollbackNo ?? 0,
    batchNo: batches[i] ?? '',
  });
  const of: Record<'insert' | 'update' | 'delete', Set<Undoing>> = {
    insert: new Set(),
    update: new Set(),
    delete: new Set(),
  };
  for (const each of group)
    for (const kind of ['insert', 'update', 'delete'] as const)
      if (await any(each, `w.kind = '${kind}'`)) of[kind].add(each);
  await target.run('SET CONSTRAINTS ALL DEFERRED');
  for (const [i, each] of group.entries())
    if (of.insert.has(each)) await target.run(write.keepGoing(each.worker.entity, facts(i)));
  for (const [i, each] of group.entries()) {
    if (!of.update.has(each)) continue;
    await target.run(write.keepRestoring(each.worker.entity, each.relation, facts(i)));
  }
  const goes = (): Promise<void> => deleteAll([...of.insert]);
  const returns = (): Promise<void> => restoreAll([...of.update], manner);
  for (const work of manner.updatesFirst ? [returns, goes] : [goes, returns]) await work();
  await insertAll([...of.delete]);
  for (const [i, each] of group.entries()) {
    const { entity } = each.worker;
    if (of.update.has(each)) await target.run(write.takeRestored(entity, facts(i)));
    if (of.delete.has(each)) for (const statement of write.keepReturned(entity, facts(i))) await target.run(statement);
    for (const statement of write.keepRemapped(entity, facts(i))) await target.run(statement);
    for (const statement of write.restoreMappings(entity, each.facts.comparable)) await target.run(statement);
    for (const statement of record.restoreWaiting(entity, each.facts)) await target.run(statement);
    for (const statement of record.restoreFindings(entity, each.facts)) await target.run(statement);
  }
  // Deferred constraints would fail at COMMIT, where no row can be told from another (SEMANTICS 24).
  await target.run('SET CONSTRAINTS ALL IMMEDIATE');
}

const suppressed = (table: string): DataError =>
  new DataError(
    'M012',
    { sqlstate: 'P0001', message: 'a trigger suppressed the write', constraint: null, column: null, table },
    'target',
    null,
  );

const expected = async (group: readonly Undoing[], kind: string): Promise<string | null> => {
  const sum = group.map(
    ({ worker }) =>
      `(SELECT count(*) FROM ${undoTable(worker.entity)} w WHERE w.kind = '${kind}' AND w.verdict IS NULL)`,
  );
  return (await sessionOf(group).one(`SELECT ${sum.join(' + ')} AS rows`))['rows'] ?? null;
};

async function deleteAll(group: readonly Undoing[]): Promise<void> {
  if (group.length === 0) return;
  const wanted = await expected(group, 'insert');
  const entities = group.map(({ worker }) => worker.entity);
  const gone = await sessionOf(group).one(write.deleteInserted(entities));
  if (gone['rows'] !== wanted) throw suppressed(entities.map((entity) => entity.target.table).join(', '));
}

async function restoreAll(group: readonly Undoing[], { release, replace }: Manner): Promise<void> {
  for (const each of group) {
    const { worker, relation } = each;
    const { entity, target } = worker;
    const replacement = replace === true ? await replacementOf(each) : null;
    const referred = release
      ? await columnsReferredTo(target, entity.target.table, (key) => write.givesBackReferred(entity, relation, key))
      : new Set<string>();
    if (replacement !== null) mustKeep(referred, entity.target.table);
    const released = release && replacement === null ? write.releaseRestored(entity, referred) : null;
    if (released !== null) await target.run(released);
    const wanted = await expected([each], 'update');
    const restored = await target.one(replacement ?? write.restoreRows(entity, relation));
    if (restored['rows'] !== wanted) throw suppressed(entity.target.table);
    await target.run(write.moveBack(entity));
  }
}

async function insertAll(group: readonly Undoing[]): Promise<void> {
  if (group.length === 0) return;
  const wanted = await expected(group, 'delete');
  const each = [];
  for (const { worker, relation } of group) {
    const names = await worker.target.rows<{ name: string }>(write.deletedColumns(worker.entity));
    each.push({ entity: worker.entity, relation, columns: names.map((row) => row.name) });
  }
  const back = await sessionOf(group).one(write.insertDeleted(each));
  if (back['rows'] !== wanted) throw suppressed(group.map(({ worker }) => worker.entity.target.table).join(', '));
}
