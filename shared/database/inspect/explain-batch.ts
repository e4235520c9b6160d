/** The statements of one batch as they would run, in order and with their purpose, for the administrator who approves them. */
import { leafName } from '../../domain/compiled/key-forms.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { findByIdentity, gather, judge, lockRows, type BatchFacts } from '../sql/decide.ts';
import { gatherVanished } from '../sql/gather-vanished.ts';
import {
  closeLeft,
  deleteRows,
  judgeLeaving,
  keepDeleted,
  keepUnmarked,
  lockLeaving,
  markRows,
  takeLeaving,
} from '../sql/delete.ts';
import { createLinks, findLinks, setLinks } from '../sql/link.ts';
import type { KeyRange } from '../sql/range.ts';
import { actionCounts, clearWritten, parkRows, recordDifferentials, setAsideRows } from '../sql/record.ts';
import { copyIn, createScratch, emptyStage } from '../sql/scratch.ts';
import { copyOut } from '../sql/source.ts';
import {
  adoptRows,
  closeMappings,
  insertRows,
  keepBefore,
  keepPendingReferences,
  mapInserts,
  mapUpdates,
  moveKeys,
  rebaseRows,
  takeReturned,
  updateRows,
} from '../sql/write.ts';
import { createLeaving, nextLeaving } from '../sql/vanished.ts';
import type { Side } from '../session.ts';
import { layoutSql } from './sql-layout.ts';

export interface ExplainedStatement {
  readonly purpose: string;
  readonly side: Side;
  readonly sql: string;
}

/** An operation that does not exist: its numbers stand where those of a real one will. */
const EXAMPLE = { operationNo: 1, batchNo: '1' };

/** A range that could be one: any bounds will do, since the statements are the same. */
function exampleRange(entity: CompiledEntity, batchRows: number): KeyRange {
  return entity.order === 'integer' ? { from: '1000', to: String(1000 + batchRows) } : { from: 'A', to: 'B' };
}

/** A differential batch over rows of which some have been migrated before: the one in which every statement can occur. */
export function explainBatch(entity: CompiledEntity, map: string, batchRows: number): ExplainedStatement[] {
  const range = exampleRange(entity, batchRows);
  const byLimit = entity.order === 'integer' && entity.keyIsUnique;
  const facts: BatchFacts = { map, mode: 'differential', unmapped: false, final: false, dry: false };
  const at =
    (side: Side) =>
    (purpose: string, ...statements: readonly string[]): ExplainedStatement[] =>
      statements.map((sql, i) => ({ side, purpose: i === 0 ? purpose : `${purpose} (${i + 1})`, sql: layoutSql(sql) }));
  const [source, target] = [at('source'), at('target')];
  const references = entity.references.length > 0;
  return [
    ...target('make the temporary tables of the session', createScratch(entity)),
    ...target('empty the staging table', emptyStage(entity)),
    ...source(
      `read the rows of the keys over ${range.from} ${byLimit ? `, the first ${batchRows}` : `up to ${range.to}`}`.replace(
        ' ,',
        ',',
      ),
      copyOut(entity, byLimit ? { range: { from: range.from, to: null }, limit: batchRows } : { range }),
    ),
    ...target('stage the rows as they come', copyIn(entity)),
    ...target('find the staged rows that are new or have changed on either side', gather(entity, range, facts)),
    ...target('find rows that the source no longer has', gatherVanished(entity, range)),
    ...target('find rows that somebody migrated before', ...findByIdentity(entity)),
    ...target('lock the rows concerned, in key order', lockRows(entity, 'differential')),
    ...target('decide what to do with each, now that nobody can change it', judge(entity, 'differential', false)),
    ...target('adopt rows that were there, as they are', adoptRows(entity, EXAMPLE)),
    ...target('keep what rows were that only the source changed', keepBefore(entity, EXAMPLE)),
    ...target('update them, and sum the hashes of what is there now', updateRows(entity)),
    ...target('give them their new bases, and sum the hashes that they should have', mapUpdates(entity)),
    ...target('follow keys that changed with their rows', ...[moveKeys(entity) ?? []].flat()),
    ...target(
      'where the sums differ, a trigger changed what was sent: take the rows as they are',
      ...takeReturned(entity, EXAMPLE, 'update'),
    ),
    ...target('note rows that are equal on both sides', ...rebaseRows(entity, EXAMPLE)),
    ...target('close the mappings of rows that are gone on both sides', ...closeMappings(entity, EXAMPLE)),
    ...target(
      'map new rows, with bases and undo entries, and sum the hashes that they should have',
      mapInserts(entity, EXAMPLE, 'insert'),
    ),
    ...target('insert them, and sum the hashes of what is there now', insertRows(entity, 'insert')),
    ...target(
      'where the sums differ, a trigger changed what was sent: take the rows as they are',
      ...takeReturned(entity, EXAMPLE, 'insert'),
    ),
    ...(references
      ? target('keep references whose parent is not there yet', keepPendingReferences(entity, EXAMPLE))
      : []),
    ...(references ? target('park rows that cannot be written without their parent', parkRows(entity, EXAMPLE)) : []),
    ...target('set rows aside that cannot be written', setAsideRows(entity, EXAMPLE)),
    ...target('record differences that are kept', recordDifferentials(entity, EXAMPLE)),
    ...target('take rows that are written now off the list of those set aside', clearWritten(entity)),
    ...target('count what was done', actionCounts(entity)),
    ...explainDeletes(entity, batchRows).flatMap(({ purpose, sql }) => target(purpose, sql)),
    ...entity.references
      .filter((reference) => reference.nullable)
      .flatMap((reference) => [
        ...target(
          `after all rows: find those whose ${reference.column} has come`,
          createLinks,
          findLinks(entity, reference, batchRows, EXAMPLE.operationNo),
        ),
        ...target(`set ${reference.column}, with undo entries and bases`, ...setLinks(entity, reference, EXAMPLE)),
      ]),
  ];
}

/** What is done at the end of a run with rows that the source lost. */
function explainDeletes(entity: CompiledEntity, batchRows: number): { purpose: string; sql: string }[] {
  if (entity.normal.deletes === 'report') return [];
  const marks = entity.target.mark !== null;
  const { operationNo } = EXAMPLE;
  return [
    {
      purpose: 'at the end of the run: make a table for keys of rows that the source lost',
      sql: createLeaving(entity),
    },
    { purpose: 'the next of their list', sql: nextLeaving(entity, operationNo, batchRows) },
    { purpose: 'take them off the list', sql: takeLeaving(entity) },
    { purpose: 'lock them, in key order', sql: lockLeaving(entity) },
    { purpose: 'keep those that somebody edited', sql: judgeLeaving(entity) },
    { purpose: 'keep what they were', sql: marks ? keepUnmarked(entity, EXAMPLE) : keepDeleted(entity, EXAMPLE) },
    marks
      ? { purpose: 'mark them as deleted', sql: markRows(entity, operationNo) }
      : { purpose: 'delete those to which no row refers that stays', sql: deleteRows([entity]) },
    { purpose: 'close their mappings', sql: closeLeft(entity, operationNo) },
  ];
}

/** Entities that the ledger does not know yet get the numbers that it would give them, so that their tables have names. */
export function withNumbers(entities: ReadonlyMap<string, CompiledEntity>): ReadonlyMap<string, CompiledEntity> {
  let next = Math.max(0, ...[...entities.values()].map(({ entityId }) => entityId ?? 0));
  const ids = new Map([...entities].map(([name, { entityId }]) => [name, entityId ?? ++next]));
  const leafOf = (name: string): string => leafName(ids.get(name) ?? 0);
  return new Map(
    [...entities].map(([name, entity]) => [
      name,
      {
        ...entity,
        entityId: ids.get(name) ?? 0,
        leaf: leafOf(name),
        references: entity.references.map((reference) => ({ ...reference, parentLeaf: leafOf(reference.parent) })),
      },
    ]),
  );
}
