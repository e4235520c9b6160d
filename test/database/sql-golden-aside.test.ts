// The exact SQL of the list of rows set aside, and of how rows are told that are refused for what others have.
import { afterAll, beforeAll, test } from '@jest/globals';
import { readExclusiveKeys } from '../../shared/database/catalog/read-exclusive-keys.ts';
import * as aside from '../../shared/database/sql/aside.ts';
import * as blame from '../../shared/database/sql/blame.ts';
import * as taken from '../../shared/database/sql/taken.ts';
import { expectGolden } from '../support/golden.ts';
import { ledgered, type Ledgered } from '../support/ledgered.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Ledgered;
beforeAll(async () => {
  p = await ledgered(SURGERY_SOURCE, SURGERY_TARGET, surgery);
});
afterAll(() => p.end());

test('the list of rows set aside', () => {
  const doctors = p.entity('doctors');
  expectGolden('aside', {
    setAsideGroup: aside.setAsideGroup(doctors, 7),
    parkKeys: aside.parkKeys(doctors, 7),
    parkAside: aside.parkAside(doctors, 7),
    openAside: aside.openAside(doctors, 7),
    closeListed: aside.closeListed(doctors, 7),
    closeAside: aside.closeAside(doctors, 7),
    ignoredRows: aside.ignoredRows(doctors),
    bringBack: aside.bringBack(doctors),
    ignoreRow: aside.ignoreRow(doctors),
  });
});

test('values that other rows have', async () => {
  const doctors = p.entity('doctors');
  const keys = await readExclusiveKeys(p.target, doctors);
  const [key] = keys.keys;
  expectGolden('taken', {
    parkTaken: taken.parkTaken(doctors, keys),
    claims: taken.claims(doctors, keys, key!),
    rivals: [taken.rivals(doctors, keys, key!), taken.rivals(doctors, keys, { ...key!, unique: false })],
    ownersOf: taken.ownersOf(doctors),
    refuseTaken: taken.refuseTaken(doctors),
    takers: taken.takers(doctors, keys),
  });
});

test('the column that keeps a row out', () => {
  const doctors = p.entity('doctors');
  const columns = doctors.columns.filter(({ kind }) => kind === 'expression').slice(0, 2);
  expectGolden('blame', {
    constraintColumns: blame.constraintColumns(doctors),
    makeValues: blame.makeValues(doctors, '3', columns),
    castValues: blame.castValues(doctors, '3', columns),
    createTried: blame.createTried(doctors, columns),
    storeValues: [blame.storeValues(doctors, '3', columns), blame.storeValues(doctors, '3', [])],
  });
});
