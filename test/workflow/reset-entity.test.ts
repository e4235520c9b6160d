// An entity is forgotten and carried again in full: what that overwrites is said first.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const ROWS = 2000;

let p: Portage;
beforeAll(async () => {
  p = await portage(
    `${SURGERY_SOURCE} INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 + n % 2 FROM generate_series(21, ${ROWS}) n`,
    SURGERY_TARGET,
    surgery,
  );
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(() => p.empty());

async function expectComplete(): Promise<void> {
  expect(await p.rows('SELECT count(*) AS rows, count(DISTINCT legacy_id) AS numbers FROM doctors')).toEqual([
    { rows: String(ROWS), numbers: String(ROWS) },
  ]);
  expect((await p.migrate()).output).toMatchObject({
    status: 'completed',
    entities: { doctors: { unchanged: ROWS, inserted: 0, updated: 0 } },
  });
}

describe('reset-entity', () => {
  const reset = async (more: Record<string, unknown> = {}): ReturnType<Portage['migrate']> =>
    (
      await p.start({ command: 'differential-migration reset-entity', entity: ['doctors'], fullResync: true, ...more })
    ).wait();

  test('says how many edits it overwrites, does so, and keeps mappings and undo log; twice changes nothing more', async () => {
    await p.migrate();
    await p.run(
      'target',
      "UPDATE doctors SET note = 'edited' WHERE legacy_id IN (1, 2); DELETE FROM doctors WHERE legacy_id = 1000",
    );
    await p.migrate();
    const ids = await p.value(
      'SELECT md5(string_agg(target_uuid::text, legacy_id::text ORDER BY target_uuid)) FROM uuid_mappings',
    );
    const said = expect.arrayContaining([
      expect.stringMatching(/^doctors: 2 rows edited and 1 row deleted in the target/),
    ]);
    const dry = await reset({ dryRun: true });
    expect(dry.output).toMatchObject({ dryRun: true, notes: said, entities: { doctors: { updated: 2 } } });
    expect(await p.value('SELECT count(*) FROM data_differentials WHERE NOT resolved')).toBe('3');

    const done = await reset();
    expect(done.output).toMatchObject({ status: 'completed', notes: said });
    expect(await p.value("SELECT count(*) FROM doctors WHERE note = 'edited'")).toBe('0');
    expect(await p.value('SELECT count(*) FROM data_differentials WHERE NOT resolved')).toBe('0');
    expect(await p.value("SELECT count(*) FROM undo_log WHERE before ->> 'note' = 'edited'")).toBe('2');
    expect(
      await p.value(
        'SELECT md5(string_agg(target_uuid::text, legacy_id::text ORDER BY target_uuid)) FROM uuid_mappings',
      ),
    ).toBe(ids);
    const again = await reset();
    expect(again.output).toMatchObject({
      status: 'completed',
      notes: expect.arrayContaining([expect.stringMatching(/^doctors: 0 rows edited and 0 rows deleted/)]),
      entities: { doctors: { updated: 0, inserted: 0 } },
    });
    await expectComplete();
  });

  test('is refused while somebody migrates the entity', async () => {
    let no: Awaited<ReturnType<Portage['migrate']>> | undefined;
    await p.migrateAround({
      LinkReferences: async (_, go) => {
        no ??= await reset();
        return go();
      },
    });
    expect(no!.failure).toMatchObject({ code: 'M001' });
    await expectComplete();
  });
});
