// Rows that the source gets while a migration runs, in tables that were read already (SEMANTICS 23).
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { LATE_SOURCE, LATE_TARGET, late } from '../support/latecomers.ts';
import { portage, type Portage } from '../support/portage.ts';

let p: Portage;
beforeAll(async () => {
  p = await portage(LATE_SOURCE, LATE_TARGET, late);
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.empty();
  await p.run(
    'source',
    'DELETE FROM doctor WHERE doc_no > 20; DELETE FROM room WHERE room_no > 20; DELETE FROM prize WHERE no > 1; DELETE FROM team WHERE no > 3; DELETE FROM player WHERE no > 3; DELETE FROM office WHERE office_no > 1; DELETE FROM geo.region WHERE region_no > 1',
  );
});

const source = (sql: string) => p.run('source', sql);
/** A migration in whose course the statement runs, before a state takes the entity up for the first time. */
const meanwhile = (state: string, entityName: string, sql: string, request = {}) => {
  let ran = false;
  return p.migrateAround(
    {
      [state]: async (input, go) => {
        if (
          !ran &&
          (input['entity'] === entityName || (input['entities'] as string[] | undefined)?.includes(entityName))
        ) {
          ran = true;
          await source(sql);
        }
        return go();
      },
    },
    request,
  );
};
const NEW_OFFICE = "INSERT INTO geo.region VALUES (9, 1, 'Late'); INSERT INTO office VALUES (9, 9)";
const places = (table: string) =>
  p.rows(
    `SELECT c.legacy_id AS row, o.legacy_id AS office, r.name AS region FROM ${table} c JOIN offices o ON o.id = c.office_id JOIN regions r ON r.id = o.region_id WHERE c.legacy_id > 20 ORDER BY 1`,
  );

test('its parent and the parent of that are pulled, and counted where they belong', async () => {
  const run = await meanwhile('MigrateSlice', 'doctors', `${NEW_OFFICE}; INSERT INTO doctor VALUES (21, 9, NULL)`);
  expect(run.output).toMatchObject({
    status: 'completed',
    entities: {
      regions: { read: 2, inserted: 2 },
      offices: { read: 2, inserted: 2 },
      doctors: { read: 21, inserted: 21, setAside: 0, parked: 0 },
    },
  });
  expect(await places('doctors')).toEqual([{ row: '21', office: '9', region: 'Late one' }]);
  expect((await p.migrate()).output).toMatchObject({
    status: 'completed',
    entities: { offices: { unchanged: 2, inserted: 0 } },
  });
});

test('what was pulled can be undone, and the sequence of its key goes up with it', async () => {
  await meanwhile('MigrateSlice', 'doctors', `${NEW_OFFICE}; INSERT INTO doctor VALUES (21, 9, NULL)`);
  expect(
    await p.value(
      "SELECT count(*) FROM undo_inserts JOIN entities USING (entity_id) WHERE entity IN ('regions', 'offices') AND 9 = ANY (legacy_ids)",
    ),
  ).toBe('2');
  expect(await p.value("SELECT nextval(pg_get_serial_sequence('regions', 'legacy_id'))")).toBe('10');
});

test('two entities that need the same parent at once both get it, once', async () => {
  const run = await meanwhile(
    'MigrateSlice',
    'doctors',
    `${NEW_OFFICE}; INSERT INTO doctor SELECT n, 9, NULL FROM generate_series(21, 30) n; INSERT INTO room SELECT n, 9 FROM generate_series(21, 30) n`,
  );
  expect(run.output).toMatchObject({ status: 'completed', entities: { offices: { inserted: 2, setAside: 0 } } });
  expect(await places('doctors')).toHaveLength(10);
  const rooms = await places('rooms');
  expect([0, 10]).toContain(rooms.length); // as the slice of rooms was read before or after
});

test('a parent that cannot be written keeps its children out alone, each with a reason', async () => {
  const bad =
    "INSERT INTO geo.region VALUES (8, NULL, 'bad'); INSERT INTO office VALUES (8, 8); INSERT INTO doctor VALUES (22, 8, NULL)";
  const run = await meanwhile(
    'MigrateSlice',
    'doctors',
    `${NEW_OFFICE}; ${bad}; INSERT INTO doctor VALUES (21, 9, NULL)`,
  );
  expect(run.output).toMatchObject({
    status: 'completed_with_findings',
    entities: { regions: { setAside: 1 }, offices: { setAside: 1 }, doctors: { inserted: 21, setAside: 1 } },
  });
  expect(
    await p.rows('SELECT entity, legacy_key, code FROM set_aside_rows JOIN entities USING (entity_id) ORDER BY entity'),
  ).toEqual([
    { entity: 'doctors', legacy_key: '22', code: 'M003' },
    { entity: 'offices', legacy_key: '8', code: 'M003' },
    { entity: 'regions', legacy_key: '8', code: 'M012' },
  ]);
  await source(
    'DELETE FROM doctor WHERE doc_no = 22; DELETE FROM office WHERE office_no = 8; DELETE FROM geo.region WHERE region_no = 8',
  );
});

test('a row that refers to a later one of its own entity gets that too, and the one after', async () => {
  const late = 'INSERT INTO doctor VALUES (22, 1, 23), (23, 1, 24), (24, 1, NULL)';
  const run = await meanwhile('LinkReferences', 'doctors', late, {});
  expect(run.output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 20 } } });
  await source('UPDATE doctor SET boss_no = 22 WHERE doc_no = 1; DELETE FROM doctor WHERE doc_no > 20');
  await p.empty();
  const again = await meanwhile('LinkReferences', 'doctors', late);
  await source('UPDATE doctor SET boss_no = NULL WHERE doc_no = 1');
  expect(again.output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 23, setAside: 0 } } });
  expect(
    await p.rows(
      'SELECT d.legacy_id AS doctor, b.legacy_id AS boss FROM doctors d JOIN doctors b ON b.id = d.boss_id ORDER BY 1',
    ),
  ).toEqual([
    { doctor: '1', boss: '22' },
    { doctor: '22', boss: '23' },
    { doctor: '23', boss: '24' },
  ]);
});

test('of an entity that nobody chose nothing is pulled: the child is set aside, and carried by the next run of both', async () => {
  await p.migrate();
  await source(`${NEW_OFFICE}; INSERT INTO doctor VALUES (21, 9, NULL)`);
  const run = await p.migrate({ entities: ['doctors'] });
  expect(run.output).toMatchObject({ status: 'completed_with_findings', entities: { doctors: { setAside: 1 } } });
  expect(Object.keys(run.output!.entities)).toEqual(['doctors']);
  expect((await p.migrate()).output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 1 } } });
});

test('a run that dies while it pulls is resumed, and nothing is there twice', async () => {
  const run = await p.migrateAround({
    MigrateSlice: async (input, go) => {
      if (input['entity'] === 'doctors') await source(`${NEW_OFFICE}; INSERT INTO doctor VALUES (21, 9, NULL)`);
      return go();
    },
    LinkReferences: async (input, go, kill) => {
      if (input['entity'] !== 'doctors') return go();
      // The office was pulled and the worker died before its child was written.
      await p.run(
        'target',
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.legacy_id = 21 THEN RAISE EXCEPTION USING errcode = 'XX000', message = 'dies'; END IF; RETURN new; END $$; CREATE TRIGGER die BEFORE INSERT ON doctors FOR EACH ROW EXECUTE FUNCTION die()",
      );
      return go().finally(kill);
    },
  });
  await p.run('target', 'DROP FUNCTION die CASCADE');
  expect(run.status).toBe('FAILED');
  expect(await p.value('SELECT count(*) FROM offices')).toBe('2');
  await p.passTime(120);
  expect((await p.resume()).output).toMatchObject({ status: 'completed', entities: { doctors: { inserted: 21 } } });
  expect(await places('doctors')).toEqual([{ row: '21', office: '9', region: 'Late one' }]);
  expect(await p.value('SELECT count(*) FROM parked_rows')).toBe('0');
});

test('a parent that another operation has taken over meanwhile is left to it', async () => {
  const run = await p.migrateAround({
    MigrateSlice: async (input, go) => {
      if (input['entity'] === 'doctors') {
        await source(`${NEW_OFFICE}; INSERT INTO doctor VALUES (21, 9, NULL)`);
        await p.run(
          'target',
          "UPDATE portage.fences SET fence = fence + 1 WHERE entity_id = (SELECT entity_id FROM portage.entities WHERE entity = 'offices')",
        );
      }
      return go();
    },
  });
  expect(run.output).toMatchObject({
    status: 'completed_with_findings',
    entities: { doctors: { inserted: 20, setAside: 1 } },
  });
  expect(await p.value('SELECT count(*) FROM offices')).toBe('1');
});

const NEW_TEAM = 'INSERT INTO team VALUES (9, 9); INSERT INTO player VALUES (9, 9, 9)';
const NEW_PLACES = [{ team: '9', captain: '9', office: '9', region: 'Late one' }];
const teamPlaces = () =>
  p.rows(
    'SELECT t.legacy_id AS team, c.legacy_id AS captain, o.legacy_id AS office, r.name AS region FROM teams t JOIN players c ON c.id = t.captain AND c.team = t.id JOIN offices o ON o.id = c.office JOIN regions r ON r.id = o.region_id WHERE t.legacy_id > 3',
  );

test('a circle gets a parent outside of it that came late', async () => {
  const run = await meanwhile('MigrateCycle', 'teams', `${NEW_OFFICE}; ${NEW_TEAM}`);
  expect(run.output).toMatchObject({
    status: 'completed',
    entities: {
      regions: { inserted: 2 },
      offices: { read: 2, inserted: 2 },
      teams: { read: 4, inserted: 4, unchanged: 0, setAside: 0 },
      players: { read: 4, inserted: 4, unchanged: 0, setAside: 0 },
    },
  });
  expect(await teamPlaces()).toEqual(NEW_PLACES);
});

test('a row of a circle that came late is pulled with all that it needs, inside and outside', async () => {
  const run = await meanwhile('MigrateSlice', 'prizes', `${NEW_OFFICE}; ${NEW_TEAM}; INSERT INTO prize VALUES (9, 9)`);
  expect(run.output).toMatchObject({
    status: 'completed',
    entities: {
      offices: { read: 2, inserted: 2 },
      teams: { read: 4, inserted: 4, unchanged: 0, setAside: 0 },
      players: { read: 4, inserted: 4, unchanged: 0, setAside: 0 },
      prizes: { read: 2, inserted: 2 },
    },
  });
  expect(await teamPlaces()).toEqual(NEW_PLACES);
  expect((await p.migrate()).output).toMatchObject({ status: 'completed', entities: { teams: { unchanged: 4 } } });
});

test.each([1, 1000])(
  'rows of a circle of which some wait for unique values are written when these are free, in batches of %s',
  async (batchSize) => {
    await p.migrate();
    await source(
      "UPDATE team SET badge = CASE no WHEN 1 THEN 'b2' WHEN 2 THEN 'b1' ELSE 'c3' END; INSERT INTO team VALUES (9, 9, 'b3'); INSERT INTO player VALUES (9, 9, 1)",
    );
    // Read one by one, and the last first: who takes the value comes before who gives it up.
    await source('UPDATE team SET no = 0 WHERE no = 9; UPDATE player SET team = 0 WHERE no = 9');
    const run = await p.migrate({ batchSize });
    await source("DELETE FROM player WHERE no = 9; DELETE FROM team WHERE no = 0; UPDATE team SET badge = 'b' || no");
    expect(run.output).toMatchObject({
      status: 'completed',
      entities: {
        teams: { read: 4, inserted: 1, updated: 3, setAside: 0 },
        players: { read: 4, inserted: 1, setAside: 0 },
      },
    });
  },
);
