// The exact SQL of deletions, for an entity that deletes and for one that marks. What they do is shown in
// test/workflow/migration-deletes*.test.ts.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readReferencing } from '../../shared/database/catalog/read-referencing.ts';
import { judge } from '../../shared/database/sql/decide.ts';
import * as del from '../../shared/database/sql/delete.ts';
import { targetTotals } from '../../shared/database/sql/leaf.ts';
import { createScratch } from '../../shared/database/sql/scratch.ts';
import * as vanished from '../../shared/database/sql/vanished.ts';
import { updateRows } from '../../shared/database/sql/write.ts';
import { expectGolden } from '../support/golden.ts';
import { HOSPITAL_SOURCE, HOSPITAL_TARGET, hospital } from '../support/hospital.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';

const FACTS = { operationNo: 7, batchNo: '42' };
const HEAD = {
  name: 'nurses_head_id_fkey',
  schema: 'public',
  table: 'nurses',
  pairs: [{ parent: 'id', child: 'head_id', operator: 'OPERATOR(pg_catalog.=)', collation: null }],
  shownKey: 'id',
};

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(HOSPITAL_SOURCE, HOSPITAL_TARGET, hospital);
});
afterAll(() => p.end());

test('the text of deletions', () => {
  const nurses = p.entity('nurses');
  expectGolden('delete', {
    markLeaving: vanished.markLeaving(nurses),
    listLeaving: vanished.listLeaving(nurses, 7),
    nextLeaving: vanished.nextLeaving(nurses, 7, 5000),
    presentInSource: vanished.presentInSource(nurses),
    pullReferring: vanished.pullReferring(nurses, HEAD, nurses, 7, 5000),
    takeLeaving: del.takeLeaving(nurses),
    lockLeaving: del.lockLeaving(nurses),
    judgeLeaving: del.judgeLeaving(nurses),
    demoteReferred: del.demoteReferred(nurses, HEAD, [nurses], false),
    keepDeleted: del.keepDeleted(nurses, FACTS),
    deleteRows: del.deleteRows([nurses, p.entity('wards')]),
    closeLeft: del.closeLeft(nurses, 7),
    dropWaiting: del.dropWaiting(nurses),
  });
});

test('the text of marks', () => {
  const drugs = p.entity('drugs');
  expectGolden('delete-marked', {
    targetTotals: targetTotals(drugs),
    judge: judge(drugs, 'full', false),
    updateRows: updateRows(drugs),
    keepUnmarked: del.keepUnmarked(drugs, FACTS),
    markRows: del.markRows(drugs, 7),
    reviveMarked: del.reviveMarked(drugs),
  });
});

test('PostgreSQL plans every one of them', async () => {
  for (const name of ['nurses', 'shifts', 'drugs']) {
    const entity = p.entity(name);
    await p.target.run(createScratch(entity));
    await p.target.run(vanished.createLeaving(entity));
    const statements = [
      vanished.listLeaving(entity, 7),
      vanished.nextLeaving(entity, 7, 5),
      del.takeLeaving(entity),
      del.lockLeaving(entity),
      del.judgeLeaving(entity),
      del.keepDeleted(entity, FACTS),
      del.deleteRows([entity]),
      del.closeLeft(entity, 7),
      ...del.dropWaiting(entity),
      ...del.reviveMarked(entity),
    ];
    for (const sql of statements) await p.target.run(`EXPLAIN ${sql}`);
  }
});

test('foreign keys that lead to a table are found wherever they are, also to a column that is no key of ours', async () => {
  const keys = await readReferencing(p.target, p.entity('nurses').target.table);
  expect(keys.map(({ table, pairs, shownKey }) => [table, pairs[0]!.parent, pairs[0]!.child, shownKey])).toEqual([
    ['badges', 'legacy_id', 'nurse_id', 'badge'],
    ['nurses', 'id', 'head_id', 'id'],
    ['shifts', 'id', 'nurse_id', null],
  ]);
  expect(keys[1]).toEqual(HEAD);
});
