// Whatever wrote a row can be taken back: every mode, adoption, references that waited, rings and circles.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CLUBS_ROWS as ROWS, CLUBS_SOURCE as SOURCE, CLUBS_TARGET as TARGET, clubs as map } from '../support/clubs.ts';
import { portage, type Portage } from '../support/portage.ts';
import { rollbackOf, rolledBack, same, snapshot } from '../support/rolled-back.ts';

let p: Portage;
const source = (sql: string) => p.run('source', sql);
const target = (sql: string) => p.run('target', sql);
const migrate = async (request = {}) => (await p.migrate(request)).output!;
const back = async (operationId: string) => (await rolledBack(p, rollbackOf(operationId))).output;
beforeAll(async () => {
  p = await portage(SOURCE, TARGET, map);
  await source(ROWS);
  await p.migrate();
});
afterAll(() => p.end());
beforeEach(async () => {
  await source(ROWS);
  await p.empty();
  await p.migrate();
});

describe('a load', () => {
  test('whose references waited for each other, in circles that may and may not be NULL, goes whole', async () => {
    const [first] = await p.rows('SELECT operation_id FROM operations');
    const output = await back(first!['operation_id']!);
    expect(output).toMatchObject({
      keptRows: 0,
      entities: {
        clubs: { deleted: 5, updated: 0 },
        people: { deleted: 12, updated: 0 },
        left: { deleted: 3 },
        right: { deleted: 3 },
        rates: { deleted: 6 },
      },
    });
    const now = await snapshot(p);
    expect([...Object.values(now.tables).flat(), ...now.mappings, ...now.waiting]).toEqual([]);
    expect(await migrate()).toMatchObject({ entities: { people: { inserted: 12 }, right: { inserted: 3 } } });
  });

  test('of a row with an edit in a circle leaves the circle, and nothing else', async () => {
    const [first] = await p.rows('SELECT operation_id FROM operations');
    await target(
      "UPDATE lefts SET other = other WHERE legacy_id = 1; UPDATE clubs SET motto = 'Mine' WHERE legacy_id = 2",
    );
    const output = await back(first!['operation_id']!);
    // Who only touched a row has changed nothing.
    expect(output.entities).toMatchObject({ left: { deleted: 3 }, right: { deleted: 3 }, clubs: { kept: 2 } });
    expect(output.kept[0]).toMatchObject({ entity: 'clubs', legacyId: '2', reason: 'edited', columns: ['motto'] });
  });
});

describe('a full migration over edits of the target', () => {
  test('gives the edits back, with what was found about them', async () => {
    await target(
      "UPDATE people SET name = 'Mine' WHERE legacy_id = 3; DELETE FROM rates WHERE code = 'C2'; UPDATE clubs SET name = 'Ours' WHERE legacy_id = 1",
    );
    await migrate();
    const before = await snapshot(p);
    const found = await p.rows(
      'SELECT entity_type, legacy_key, comparison_type FROM data_differentials WHERE NOT resolved ORDER BY 1, 2',
    );
    expect(found).toHaveLength(3);
    const run = await migrate({ mode: 'full' });
    expect(run.entities).toMatchObject({ people: { updated: 1 }, rates: { inserted: 1 }, clubs: { updated: 1 } });
    expect(await back(run.operationId)).toMatchObject({
      keptRows: 0,
      entities: { people: { updated: 1 }, rates: { deleted: 1 } },
    });
    same(await snapshot(p), before);
    expect(
      await p.rows(
        'SELECT entity_type, legacy_key, comparison_type FROM data_differentials WHERE NOT resolved ORDER BY 1, 2',
      ),
    ).toEqual(found);
  });

  test('finds a row that it put in again under another natural key, and so does who takes it back', async () => {
    await target("DELETE FROM rates WHERE code IN ('C2', 'C3')");
    await migrate();
    const before = await snapshot(p);
    await source("UPDATE rate SET code = 'New', amount = amount + 1 WHERE no IN (2, 4)");
    const run = await migrate({ mode: 'full' });
    expect(run.entities['rates']).toMatchObject({ inserted: 2, updated: 1, setAside: 0 });
    expect(await migrate()).toMatchObject({ status: 'completed', entities: { rates: { unchanged: 6, inserted: 0 } } });
    expect(await back(run.operationId)).toMatchObject({ keptRows: 0, entities: { rates: { deleted: 2, updated: 1 } } });
    same(await snapshot(p), before);
  });

  test('and so does one of what is missing, and one of rows that are named', async () => {
    await target("DELETE FROM rates WHERE code IN ('C2', 'C3'); UPDATE people SET name = 'Mine' WHERE legacy_id = 3");
    const before = await snapshot(p);
    const missing = await migrate({ mode: 'missing-only' });
    expect(missing.entities['rates']).toMatchObject({ inserted: 2 });
    expect(await back(missing.operationId)).toMatchObject({ keptRows: 0, entities: { rates: { deleted: 2 } } });
    same(await snapshot(p), before);
    const forced = await migrate({ entities: ['people'], forceRecords: ['3', '4'] });
    expect(forced.entities['people']).toMatchObject({ updated: 2 });
    expect(await back(forced.operationId)).toMatchObject({ keptRows: 0, entities: { people: { updated: 2 } } });
    same(await snapshot(p), before);
  });
});

describe('other writes', () => {
  test('of unique values that moved in a ring, and of natural keys', async () => {
    const before = await snapshot(p);
    await source(
      "UPDATE club SET seat = 's' || 1 + no % 5; UPDATE rate SET code = 'X' || no, day = day + 1 WHERE no < 4; UPDATE rate SET amount = 9 WHERE no = 5",
    );
    const run = await migrate();
    expect(run.entities).toMatchObject({ clubs: { updated: 5, setAside: 0 }, rates: { updated: 4 } });
    expect(await back(run.operationId)).toMatchObject({
      keptRows: 0,
      entities: { clubs: { updated: 5 }, rates: { updated: 4 } },
    });
    same(await snapshot(p), before);
  });

  test('of rows that were adopted, equal or not', async () => {
    await source("INSERT INTO club VALUES (6, 'Club 6', 's6', NULL), (7, 'Club 7', 's7', NULL)");
    await target(
      "INSERT INTO clubs (id, legacy_id, name, seat) VALUES (gen_random_uuid(), 6, 'Club 6', 's6'), (gen_random_uuid(), 7, 'Other', 's7')",
    );
    const before = await snapshot(p);
    const run = await migrate();
    expect(run.entities['clubs']).toMatchObject({ adopted: 2, conflicts: 1 });
    expect(await back(run.operationId)).toMatchObject({ keptRows: 0, entities: { clubs: { adopted: 2 } } });
    same(await snapshot(p), before);
    expect(await p.value('SELECT count(*) FROM data_differentials WHERE NOT resolved')).toBe('0');
    const full = await migrate({ mode: 'full' });
    expect(full.entities['clubs']).toMatchObject({ adopted: 2, updated: 1 });
    expect(await back(full.operationId)).toMatchObject({ keptRows: 0 });
    same(await snapshot(p), before);
  });

  test('of a row that both sides lost, and of one that both changed to the same', async () => {
    await source("DELETE FROM rate WHERE no = 1; UPDATE person SET name = 'Same' WHERE no = 2");
    await target("DELETE FROM rates WHERE code = 'C1'; UPDATE people SET name = 'Same' WHERE legacy_id = 2");
    const before = await snapshot(p);
    const run = await migrate();
    expect(await p.value('SELECT count(*) FROM mappings WHERE closed')).toBe('1');
    expect(await back(run.operationId)).toMatchObject({ keptRows: 0 });
    same(await snapshot(p), before);
  });

  test('of a reference that had waited for a later run', async () => {
    await source("INSERT INTO person VALUES (13, 'P13', 1, 99)");
    await migrate();
    const before = await snapshot(p);
    expect(before.waiting).toHaveLength(1);
    await source("INSERT INTO person VALUES (99, 'P99', 1, NULL)");
    const run = await migrate();
    expect((await snapshot(p)).waiting).toEqual([]);
    expect(await back(run.operationId)).toMatchObject({ keptRows: 0, entities: { people: { deleted: 1 } } });
    same(await snapshot(p), before);
    await migrate();
    expect((await snapshot(p)).waiting).toEqual([]);
  });

  test('that the database does not let go keep their rows, and no others', async () => {
    await source("UPDATE person SET name = 'N' || no");
    const run = await migrate();
    await target(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF OLD.legacy_id = 5 AND NEW.name <> OLD.name THEN RAISE ''not this one''; END IF; RETURN NEW; END';
      CREATE TRIGGER refuses BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION refuse()`);
    const output = (await p.rollback(run.operationId)).output!;
    await target('DROP TRIGGER refuses ON people; DROP FUNCTION refuse');
    expect(output).toMatchObject({ status: 'completed_with_findings', entities: { people: { updated: 11 } } });
    expect(output.kept).toMatchObject([
      { entity: 'people', legacyId: '5', reason: 'refused', detail: expect.stringContaining('not this one') },
    ]);
    const rest = await back(run.operationId);
    expect(rest).toMatchObject({ keptRows: 0, entities: { people: { updated: 1 } } });
  });
});

describe('by entity and by label', () => {
  test('an entity goes back operation by operation, the newest first', async () => {
    const states = [await snapshot(p)];
    for (const name of ['A', 'B']) {
      await source(`UPDATE person SET name = '${name}' || no; UPDATE club SET name = '${name}'`);
      await migrate();
      states.push(await snapshot(p));
    }
    const entity = { command: 'differential-migration rollback-entity', entity: ['people'] };
    expect((await rolledBack(p, entity)).output).toMatchObject({ entities: { people: { updated: 12 } } });
    expect((await snapshot(p)).tables['people']).toEqual(states[1]!.tables['people']);
    expect((await snapshot(p)).tables['clubs']).toEqual(states[2]!.tables['clubs']);
    expect((await rolledBack(p, entity)).output.operations).toHaveLength(1);
    expect((await snapshot(p)).tables['people']).toEqual(states[0]!.tables['people']);
    expect((await rolledBack(p, { ...entity, entity: ['clubs'], last: 2 })).output.operations).toHaveLength(2);
    same(await snapshot(p), states[0]!);
    expect(
      await p.rows("SELECT DISTINCT status FROM operations WHERE operation_type <> 'rollback' AND operation_no > 1"),
    ).toEqual([{ status: 'rolled_back' }]);
  });

  test('with --preserve-deps nothing is done where rows of others would lose their parent', async () => {
    const before = await snapshot(p);
    const request = {
      command: 'differential-migration rollback-entity',
      entity: ['clubs'],
      all: true,
      confirm: true,
      preserveDeps: true,
    };
    const refused = await p.recover(request);
    expect(refused.output).toMatchObject({ operationId: '', status: 'completed_with_findings', keptRows: 5 });
    expect(refused.output!.kept[0]).toMatchObject({
      entity: 'clubs',
      reason: 'referenced',
      detail: expect.stringContaining('public.people'),
    });
    same(await snapshot(p), before);
    const rates = { ...request, entity: ['rates'] };
    expect((await rolledBack(p, rates)).output).toMatchObject({ keptRows: 0, entities: { rates: { deleted: 6 } } });
  });

  test('every operation of a label goes, those of others stay', async () => {
    await source('UPDATE rate SET amount = 7 WHERE no = 1');
    await migrate({ batchId: 'other' });
    const before = await snapshot(p);
    await source('UPDATE rate SET amount = 8 WHERE no = 2');
    await migrate({ batchId: 'mine' });
    await source('UPDATE rate SET amount = 9 WHERE no = 2');
    await migrate({ batchId: 'mine' });
    const all = { command: 'migration-analyzer rollback-all', batchId: 'mine', confirm: true };
    expect((await rolledBack(p, all)).output.operations).toHaveLength(2);
    same(await snapshot(p), before);
    expect((await p.recover(all)).output).toMatchObject({ operationId: '', notes: ['nothing to take back'] });
    expect((await p.recover({ ...all, batchId: 'nine' })).failure).toMatchObject({ code: 'SYS002' });
    expect((await p.rollback('diff_migration_1')).failure).toMatchObject({ code: 'SYS002' });
  });
});
