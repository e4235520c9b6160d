// A restore on several sessions: each writes a range of the rows, and goes on where it ended, whatever the others did.
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { setVariables } from '../../shared/config.ts';
import { backups } from '../support/backups.ts';
import { HOSPITAL_SOURCE, HOSPITAL_TARGET, hospital } from '../support/hospital.ts';
import { portage, type Around, type Portage } from '../support/portage.ts';
import { same, snapshot } from '../support/rolled-back.ts';

let p: Portage;
const { take, restore, restoreAround } = backups(() => p);
beforeAll(async () => {
  p = await portage(HOSPITAL_SOURCE, HOSPITAL_TARGET, hospital, { PORTAGE_BATCH_ROWS: '3' });
  await p.migrate();
});
afterEach(() => setVariables({ PORTAGE_STEP_BUDGET_MS: '60000' }));
afterAll(() => p.end());

/** Of the last operation: in how many slices the rows of each entity came back. */
const slices = () =>
  p.rows(
    `SELECT entity_type AS entity, jsonb_array_length(slices::jsonb) AS slices, (SELECT count(DISTINCT slice) FROM migration_batches b WHERE b.checkpoint_id = c.id AND slice >= 0 AND rows_read > 0) AS worked
     FROM migration_checkpoints c WHERE operation_id = (SELECT operation_id FROM operations ORDER BY operation_no DESC LIMIT 1) ORDER BY 1`,
  );
const EACH = [
  { entity: 'drugs', slices: '4', worked: '4' },
  { entity: 'nurses', slices: '1', worked: '1' },
  { entity: 'shifts', slices: '4', worked: '4' },
  { entity: 'wards', slices: '3', worked: '3' },
];
const SPOILED = "TRUNCATE wards CASCADE; DELETE FROM drugs WHERE code > 'code 2'; UPDATE drugs SET name = 'Spoiled'";

test('large tables come back in ranges side by side; one that refers to itself in its own order', async () => {
  const before = await snapshot(p);
  const file = await take();
  await p.run('target', SPOILED);
  expect((await restore(file)).output).toMatchObject({
    status: 'completed',
    keptRows: 0,
    entities: { shifts: { inserted: 200 } },
  });
  expect(await slices()).toEqual(EACH);
  same(await snapshot(p), before);
});

test('killed when its time was up in the middle of each range, it goes on with every one', async () => {
  const before = await snapshot(p);
  const file = await take();
  await p.run('target', SPOILED);
  setVariables({ PORTAGE_STEP_BUDGET_MS: '100' });
  let inTheMiddle = false;
  const killed: Around = async (_, go, kill) => {
    const result = await go();
    const begun = (await slices()).find(({ entity }) => entity === 'shifts')?.['worked'];
    inTheMiddle = begun === '4' && Number(await p.value('SELECT count(*) FROM shifts')) < 200;
    if (inTheMiddle) kill();
    return result;
  };
  await restoreAround({ RestoreSlice: killed }, file);
  expect(inTheMiddle).toBe(true);
  setVariables({ PORTAGE_STEP_BUDGET_MS: '60000' });
  await p.passTime(3600);
  const done = await restoreAround({}, file);
  expect(done.failure).toBeNull();
  expect(done.output).toMatchObject({
    status: 'completed',
    entities: { shifts: { read: 200, inserted: 200 }, drugs: { read: 30 } },
  });
  expect(await p.rows(`SELECT DISTINCT count(*) AS batches FROM migration_batches WHERE slice >= 0 GROUP BY checkpoint_id, slice, lower_bound`)).toEqual([{ batches: '1' }]); // prettier-ignore
  same(await snapshot(p), before);
});
