// The exact SQL of every builder, for an entity with one of everything and for one whose keys are text. What the
// statements do is shown beside it, in sql-*.test.ts.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { alignBases, forgetSourceHashes, forgetTargetHashes } from '../../shared/database/sql/align.ts';
import { missingParents, demote, resolveWithin } from '../../shared/database/sql/closure.ts';
import { findByIdentity, gather, judge, judgeAgain, lockRows, writeEqual } from '../../shared/database/sql/decide.ts';
import { gatherVanished } from '../../shared/database/sql/gather-vanished.ts';
import { basedSums, leafHasRows, leafTotals, mappedSums, targetTotals } from '../../shared/database/sql/leaf.ts';
import { clearLinked, createLinks, findLinks, setAsideUnlinked, setLinks } from '../../shared/database/sql/link.ts';
import { sourceProbe, targetProbe } from '../../shared/database/sql/probe.ts';
import * as pull from '../../shared/database/sql/pull.ts';
import { lockForReplace, replaceRows, replaceable } from '../../shared/database/sql/rings.ts';
import * as record from '../../shared/database/sql/record.ts';
import { copyIn, createScratch, emptyStage } from '../../shared/database/sql/scratch.ts';
import * as source from '../../shared/database/sql/source.ts';
import * as write from '../../shared/database/sql/write.ts';
import { expectGolden } from '../support/golden.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const RANGE = { from: '10', to: '20' };
const BOUNDS = ['12', '15'];
const FACTS = { operationNo: 7, batchNo: '42' };
const DECIDE = { map: 'surgery', mode: 'differential', unmapped: false, final: false, dry: false } as const;

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(
    `${SURGERY_SOURCE} CREATE TABLE rate (code text, day date, amount numeric, PRIMARY KEY (code, day));`,
    `${SURGERY_TARGET} CREATE TABLE rates (code text, day date, amount numeric(8,2), PRIMARY KEY (code, day));`,
    {
      ...surgery,
      entities: {
        ...surgery.entities,
        rates: {
          source: { table: 'public.rate', key: ['code', 'day'] },
          target: { table: 'public.rates', key: ['code', 'day'] },
          columns: { code: 'code', day: 'day', amount: 'amount' },
        },
      },
    },
  );
});
afterAll(() => p.end());

describe('the text of', () => {
  test('what is asked of the source', () => {
    const doctors = p.entity('doctors');
    expectGolden('source', {
      copyOut: source.copyOut(doctors, { range: RANGE, limit: 5000 }),
      'copyOut by keys': source.copyOut(doctors, { keys: ['3', '5'] }),
      copyOutWithParents: source.copyOutWithParents(doctors, { range: RANGE }),
      sourceSums: source.sourceSums(doctors, RANGE, BOUNDS),
      everyNthKey: source.everyNthKey(doctors, RANGE, 500),
      countRows: source.countRows(doctors),
      firstKey: source.firstKey(doctors, RANGE),
      duplicateKeys: source.duplicateKeys(doctors),
      nullKeys: source.nullKeys(doctors),
      countKeys: source.countKeys(doctors, ['3', '5']),
      fingerprints: source.fingerprints(doctors, ['3', '5']),
      nullFingerprint: source.nullFingerprint(doctors),
    });
  });

  test('sums of mappings', () => {
    const doctors = p.entity('doctors');
    expectGolden('leaf', {
      leafHasRows: leafHasRows(doctors, RANGE),
      leafTotals: leafTotals(doctors),
      targetTotals: targetTotals(doctors),
      basedSums: basedSums(doctors, RANGE, BOUNDS),
      mappedSums: mappedSums(doctors, RANGE, BOUNDS),
    });
  });

  test('scratch tables', () => {
    const doctors = p.entity('doctors');
    expectGolden('scratch', {
      createScratch: createScratch(doctors),
      'createScratch for a dry run': createScratch(doctors, { withParents: true }),
      copyIn: copyIn(doctors),
      emptyStage: emptyStage(doctors),
    });
  });

  test('a decision', () => {
    const doctors = p.entity('doctors');
    expectGolden('decide', {
      gather: gather(doctors, RANGE, DECIDE),
      'gather where nothing is mapped': gather(doctors, RANGE, { ...DECIDE, unmapped: true }),
      gatherVanished: gatherVanished(doctors, RANGE),
      findByIdentity: findByIdentity(doctors),
      lockRows: lockRows(doctors, 'differential'),
      judge: judge(doctors, 'differential', false),
      'judge in full': judge(doctors, 'full', false),
      'judge what is missing': judge(doctors, 'missing-only', false),
      judgeAgain: judgeAgain(doctors),
      'judgeAgain of named rows': judgeAgain(doctors, true),
      writeEqual: writeEqual(doctors),
    });
  });

  test('bases brought over', () => {
    const doctors = p.entity('doctors');
    const old = { columns: ['note', 'fee', 'gone'], forms: ['text', 'integer', 'text'] };
    expectGolden('align', {
      alignBases: alignBases(doctors, old, new Map([['code', "'none'::text"]]), false),
      forgetSourceHashes: forgetSourceHashes(doctors),
      forgetTargetHashes: forgetTargetHashes(doctors),
      sourceProbe: sourceProbe(180000),
      targetProbe: targetProbe(180000),
    });
  });

  test('parents that come late, and rings', () => {
    const doctors = p.entity('doctors');
    const [office] = doctors.references;
    expectGolden('pull', {
      unmappedParents: pull.unmappedParents(doctors, office!),
      unmappedPending: pull.unmappedPending(doctors, office!),
      presentKeys: pull.presentKeys(doctors, ['3', '5']),
      parkParents: pull.parkParents(doctors, 7),
      notSetAside: pull.notSetAside(doctors, 7),
      lockForReplace: lockForReplace(doctors),
      replaceable: replaceable(doctors),
      replaceRows: replaceRows(doctors, ['id', 'legacy_id', 'note', 'phone']),
    });
  });

  test('writes', () => {
    const doctors = p.entity('doctors');
    expectGolden('write', {
      mapInserts: write.mapInserts(doctors, FACTS, 'insert'),
      'mapInserts again': write.mapInserts(doctors, FACTS, 'again'),
      insertRows: write.insertRows(doctors, 'insert'),
      keepBefore: write.keepBefore(doctors, FACTS),
      updateRows: write.updateRows(doctors),
      mapUpdates: write.mapUpdates(doctors),
      'takeReturned of inserts': write.takeReturned(doctors, FACTS, 'insert'),
      'takeReturned of updates': write.takeReturned(doctors, FACTS, 'update'),
      adoptRows: write.adoptRows(doctors, FACTS),
      rebaseRows: write.rebaseRows(doctors, FACTS),
      closeMappings: write.closeMappings(doctors, FACTS),
      keepPendingReferences: write.keepPendingReferences(doctors, FACTS),
      dropPendingReferences: write.dropPendingReferences(doctors),
    });
  });

  test('records', () => {
    const doctors = p.entity('doctors');
    expectGolden('record', {
      recordDifferentials: record.recordDifferentials(doctors, FACTS),
      parkRows: record.parkRows(doctors, FACTS),
      'parkRows again': record.parkRows(doctors, FACTS, true),
      parkedKeys: record.parkedKeys(doctors, true),
      unpark: record.unpark(doctors),
      setAsideRows: record.setAsideRows(doctors, FACTS),
      setAsideOne: record.setAsideOne(doctors, 7),
      clearWritten: record.clearWritten(doctors),
      actionCounts: record.actionCounts(doctors),
      closeGone: record.closeGone(doctors, 7),
      closeByFull: record.closeByFull(doctors),
    });
  });

  test('references that are linked, and circles', () => {
    const doctors = p.entity('doctors');
    const offices = p.entity('offices');
    const [office, boss] = doctors.references;
    expectGolden('link', {
      createLinks,
      findLinks: findLinks(doctors, boss!, 5000, 7),
      setLinks: setLinks(doctors, boss!, FACTS),
      setAsideUnlinked: setAsideUnlinked(doctors, 7, ['boss_id']),
      clearLinked: clearLinked(doctors),
      missingParents: missingParents(doctors, office!, offices, 2000),
      resolveWithin: resolveWithin(doctors, [{ reference: office!, parent: offices }]),
      demote: demote(doctors, office!, offices),
    });
  });

  test('an entity whose keys are text on both sides', () => {
    const rates = p.entity('rates');
    const range = { from: '["a", "2023-01-01"]', to: null };
    expectGolden('text-keys', {
      copyOut: source.copyOut(rates, { range }),
      sourceSums: source.sourceSums(rates, range, ['["b", "2023-01-01"]']),
      mappedSums: mappedSums(rates, range, ['["b", "2023-01-01"]']),
      gather: gather(rates, range, DECIDE),
      findByIdentity: findByIdentity(rates),
      mapInserts: write.mapInserts(rates, FACTS, 'insert'),
      insertRows: write.insertRows(rates, 'insert'),
      keepBefore: write.keepBefore(rates, FACTS),
      updateRows: write.updateRows(rates),
      mapUpdates: write.mapUpdates(rates),
      moveKeys: write.moveKeys(rates)!,
    });
  });
});

test('PostgreSQL plans every one of them', async () => {
  const doctors = p.entity('doctors');
  const rates = p.entity('rates');
  for (const entity of [doctors, rates]) {
    await p.target.run(createScratch(entity));
    await p.target.run(createLinks);
    const [range, bounds] = entity === doctors ? [RANGE, BOUNDS] : [{ from: '["a", 1]', to: null }, ['["b", 1]']];
    const ofTarget = [
      leafHasRows(entity, range),
      leafTotals(entity),
      targetTotals(entity),
      mappedSums(entity, range, bounds),
      ...(['differential', 'full', 'missing-only'] as const).flatMap((mode) => [
        gather(entity, range, { ...DECIDE, mode }),
        gather(entity, range, { ...DECIDE, mode, unmapped: true, final: true }),
        lockRows(entity, mode),
        judge(entity, mode, false),
        judge(entity, mode, true),
      ]),
      gatherVanished(entity, range),
      ...findByIdentity(entity),
      judgeAgain(entity),
      write.mapInserts(entity, FACTS, 'insert'),
      write.mapInserts(entity, FACTS, 'again'),
      write.insertRows(entity, 'insert'),
      write.keepBefore(entity, FACTS),
      write.updateRows(entity),
      write.mapUpdates(entity),
      write.moveKeys(entity) ?? 'SELECT 1',
      ...(['insert', 'again', 'update'] as const).flatMap((action) => write.takeReturned(entity, FACTS, action)),
      write.adoptRows(entity, FACTS),
      ...write.rebaseRows(entity, FACTS),
      ...write.closeMappings(entity, FACTS),
      record.recordDifferentials(entity, FACTS),
      record.setAsideRows(entity, FACTS),
      record.clearWritten(entity),
      record.closeByFull(entity),
      ...entity.references.flatMap((reference) => [
        findLinks(entity, reference, 10, 7),
        ...setLinks(entity, reference, FACTS),
      ]),
    ];
    for (const sql of ofTarget) expect((await p.target.rows(`EXPLAIN ${sql}`)).length).toBeGreaterThan(0);
    const ofSource = [
      source.sourceSums(entity, range, bounds),
      source.everyNthKey(entity, range, 5),
      source.countRows(entity),
      source.firstKey(entity, range),
      source.duplicateKeys(entity),
      source.nullKeys(entity),
    ];
    for (const sql of ofSource) expect((await p.source.rows(`EXPLAIN ${sql}`)).length).toBeGreaterThan(0);
  }
});
