// The exact SQL of a rollback and of a restore, for an entity with one of everything; each statement is understood by a server.
// What the statements do is shown by the runs of test/workflow.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readReferences } from '../../shared/database/catalog/read-references.ts';
import { readReferencing, type ReferencingKey } from '../../shared/database/catalog/read-referencing.ts';
import { readRest, type RestColumns } from '../../shared/database/catalog/read-rest.ts';
import * as restore from '../../shared/database/sql/restore.ts';
import * as waiting from '../../shared/database/sql/restore-wait.ts';
import * as restoring from '../../shared/database/sql/restore-write.ts';
import * as undo from '../../shared/database/sql/undo.ts';
import * as record from '../../shared/database/sql/undo-record.ts';
import * as undoWrite from '../../shared/database/sql/undo-write.ts';
import { backedUpColumns } from '../../shared/domain/backup.ts';
import type { Relation } from '../../shared/domain/catalog.ts';
import { restoredEntity, restoredValue, stagedText } from '../../shared/domain/compiled/compile-restored.ts';
import type { CompiledEntity } from '../../shared/domain/compiled/types.ts';
import { expectGolden } from '../support/golden.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const OWN = { operationNo: 8, batchNo: '42' };
const FACTS = { rollbackNo: 8, operationNo: 7, ofRollback: false, again: null, comparable: true };

let p: Ledgered;
let doctors: CompiledEntity;
let relation: Relation;
let rest: RestColumns;
let boss: ReferencingKey;
beforeAll(async () => {
  p = await ledgered(SURGERY_SOURCE, SURGERY_TARGET, surgery);
  doctors = p.entity('doctors');
  relation = p.loaded.relations.get('doctors')!.target;
  rest = await readRest(p.target, doctors);
  boss = (await readReferencing(p.target, doctors.target.table))[0]!;
});
afterAll(() => p.end());

type Statements = Readonly<Record<string, string | readonly string[]>>;

/** @param values of parameters, for statements that have some */
async function understood(statements: Statements, values: (sql: string) => readonly unknown[]): Promise<void> {
  for (const sql of Object.values(statements).flat())
    if (!/^(CREATE|DROP|COPY)/.test(sql))
      expect((await p.target.rows(`EXPLAIN ${sql}`, values(sql))).length).toBeGreaterThan(0);
}

test('a rollback', async () => {
  const statements: Statements = {
    createUndo: undo.createUndo(doctors),
    gatherUndo: undo.gatherUndo(doctors, FACTS),
    'gatherUndo of what was kept': undo.gatherUndo(doctors, { ...FACTS, again: 5 }),
    lockUndo: undo.lockUndo(doctors),
    judgeUndo: undo.judgeUndo(doctors, relation, rest, FACTS),
    'judgeUndo of a rollback, over another map': undo.judgeUndo(doctors, relation, rest, {
      ...FACTS,
      ofRollback: true,
      comparable: false,
    }),
    keepReferred: undo.keepReferred(doctors, relation, boss, [doctors], false),
    keepGoing: undoWrite.keepGoing(doctors, OWN),
    deleteInserted: undoWrite.deleteInserted([doctors]),
    releaseRestored: undoWrite.releaseRestored(doctors, new Set()) ?? [],
    keepRestoring: undoWrite.keepRestoring(doctors, relation, OWN),
    restoreRows: undoWrite.restoreRows(doctors, relation),
    moveBack: undoWrite.moveBack(doctors),
    takeRestored: undoWrite.takeRestored(doctors, OWN),
    insertDeleted: undoWrite.insertDeleted([{ entity: doctors, relation, columns: ['id', 'legacy_id', 'name'] }]),
    deletedColumns: undoWrite.deletedColumns(doctors),
    keepReturned: undoWrite.keepReturned(doctors, OWN),
    keepRemapped: undoWrite.keepRemapped(doctors, OWN),
    restoreMappings: undoWrite.restoreMappings(doctors, true),
    'restoreMappings over another map': undoWrite.restoreMappings(doctors, false),
    nameDiffering: record.nameDiffering(doctors, relation, rest),
    keepRows: record.keepRows(doctors, FACTS),
    restoreWaiting: record.restoreWaiting(doctors, FACTS),
    restoreFindings: record.restoreFindings(doctors, FACTS),
    countUndone: record.countUndone(doctors),
  };
  expectGolden('undo', statements);
  await p.target.run(undo.createUndo(doctors));
  await understood(statements, (sql) => (sql.includes('$1') ? [[7]] : []));
});

test('a restore', async () => {
  const columns = backedUpColumns(relation).map((column) => column.name);
  const restored = restoredEntity(doctors, relation, columns, ['boss_id'], p.target.serverVersion);
  const keys = await readReferences(p.target, doctors.target.table);
  const references = keys.map((key): restore.RestoredReference => {
    const places = key.pairs.map(({ child }) => stagedText(columns.indexOf(child)));
    const type = (child: string) => relation.columns.find((column) => column.name === child)!;
    return {
      key,
      places,
      values: key.pairs.map(({ child }, i) => restoredValue(type(child), `g.${places[i]!}`)),
      nullFirst: key.pairs[0]!.child === 'boss_id' ? 'boss_id' : null,
      unmapped: false,
    };
  });
  const range = { from: 10, to: 20 };
  const statements: Statements = {
    createRestoreScratch: restore.createRestoreScratch(restored),
    copyInRestored: restore.copyInRestored(restored),
    gatherRestored: restore.gatherRestored(restored, true, range),
    occupiedByIdentity: restore.occupiedByIdentity(restored) ?? [],
    judgeRestored: restore.judgeRestored(restored),
    lockDiffering: restore.lockDiffering(restored),
    demote: references.map((reference) => restore.demote(restored, reference, [])),
    keepReturning: restoring.keepReturning(restored, OWN),
    takeReturning: restoring.takeReturning(restored, OWN),
    mapAlone: restoring.mapAlone(restored, OWN),
    restoreMappings: restoring.restoreMappings(restored, OWN),
    keepWaiting: waiting.keepWaiting(restored, 8),
    keepUnsettled: waiting.keepUnsettled(restored, 8),
    keepOccupied: waiting.keepOccupied(restored, 8),
  };
  expectGolden('restore', statements);
  await p.target.run(`DISCARD TEMP; ${restore.createRestoreScratch(restored)}`);
  await understood(statements, () => []);
});
