// Rows that could not be written, or were written without a reference, and then leave the source: nobody can correct them
// there, so the list of rows set aside lets them go, whatever they were on it for (SEMANTICS 23, 31).
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Portage;
beforeAll(async () => {
  p = await portage(SURGERY_SOURCE, `${SURGERY_TARGET}; ALTER TABLE doctors ADD UNIQUE (name)`, surgery);
});
afterAll(() => p.end());

const state = (key: number): Promise<string | null> =>
  p.value(`SELECT state FROM set_aside_rows WHERE legacy_key = '${key}'`);

test.each([
  ['has no parent', 901, "'Lost', 1, 77"],
  ['has a value that is too long', 902, "repeat('x', 50), 1, 1"],
  ['wants a unique value that another has', 903, "'Doctor 3', 1, 1"],
  ['was written without a reference that leads nowhere', 904, "'Led', 1, 1, 55"],
])('a row that %s, and is gone', async (_, key, values) => {
  await p.run('source', `INSERT INTO doctor SELECT ${key}, ${values}`);
  await p.migrate();
  expect(await state(key)).toBe('open');
  await p.migrate();
  expect(await state(key)).toBe('open');
  await p.run('source', `DELETE FROM doctor WHERE doc_no = ${key}`);
  await p.migrate();
  expect(await state(key)).toBe('gone');
  await p.migrate();
  expect(await state(key)).toBe('gone');
});

test('a row that comes back with its fault comes back to the list', async () => {
  const row = "INSERT INTO doctor SELECT 905, 'Back', 1, 1, 55";
  await p.run('source', row);
  await p.migrate();
  await p.run('source', 'DELETE FROM doctor WHERE doc_no = 905');
  await p.migrate();
  expect(await state(905)).toBe('gone');
  await p.run('source', row);
  await p.migrate();
  expect(await state(905)).toBe('open');
});
