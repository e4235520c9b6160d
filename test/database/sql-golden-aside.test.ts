// The exact SQL of the list of rows set aside.
import { afterAll, beforeAll, test } from '@jest/globals';
import * as aside from '../../shared/database/sql/aside.ts';
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
