// Triggers of the target: what they find, and what becomes of a row that they change (SEMANTICS 1 and 12).
import { afterEach, expect, test } from '@jest/globals';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { portage, type Portage } from '../support/portage.ts';

const SOURCE = `CREATE TABLE item (no integer PRIMARY KEY, v text); INSERT INTO item SELECT n, 'v' || n FROM generate_series(1, 6) n`;
const map = (columns: EntityMap['entities'][string]['columns'], key = 'id', table = 'public.items'): EntityMap => ({
  name: 'triggers',
  entities: {
    items: {
      source: { table: 'public.item', key: ['no'] },
      target: { table, key: [key], identity: ['legacy_id'] },
      columns: { legacy_id: 'no', v: 'v', ...columns },
    },
  },
});
/** @param when of the trigger, like `BEFORE INSERT` */
const trigger = (when: string, body: string, on = 'items'): string =>
  `CREATE FUNCTION react() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$; CREATE TRIGGER react ${when} ON ${on} FOR EACH ROW EXECUTE FUNCTION react()`;
const ITEMS = 'CREATE TABLE items (id uuid PRIMARY KEY, legacy_id integer UNIQUE, v text)';

let p: Portage;
afterEach(() => p.end());
const items = async (request = {}) => {
  const { failure, output } = await p.migrate(request);
  expect(failure).toBeNull();
  return output!.entities['items'];
};

test('their functions name tables of the schema without saying so', async () => {
  p = await portage(
    SOURCE,
    `CREATE SCHEMA app; SET search_path = app; ${ITEMS}; CREATE TABLE audit (no integer, by text); CREATE FUNCTION known(text) RETURNS boolean LANGUAGE sql AS 'SELECT count(*) >= 0 FROM audit';
     ALTER TABLE items ADD CHECK (known(v)); ${trigger('AFTER INSERT OR UPDATE OR DELETE', "INSERT INTO audit VALUES (coalesce(NEW.legacy_id, OLD.legacy_id), current_setting('portage.operation')); RETURN NULL;")}`,
    map({}, 'id', 'app.items'),
  );
  expect(await items({ dryRun: true, rehearse: true })).toMatchObject({ inserted: 6, setAside: 0 });
  const { output } = await p.migrate();
  expect(output!.entities['items']).toMatchObject({ inserted: 6, setAside: 0 });
  expect(await p.value('SELECT count(DISTINCT no) FROM app.audit')).toBe('6');
  expect((await p.rollback(output!.operationId)).output).toMatchObject({ status: 'completed' });
  expect(await p.value('SELECT count(*) FROM app.audit')).toBe('12');
});

test('the identity is looked up as the type compares, also that of an extension', async () => {
  p = await portage(
    SOURCE,
    `CREATE EXTENSION citext; CREATE TABLE items (id uuid PRIMARY KEY, legacy_id integer, v citext UNIQUE); INSERT INTO items VALUES (gen_random_uuid(), NULL, 'V3')`,
    {
      name: 'triggers',
      entities: {
        items: {
          source: { table: 'public.item', key: ['no'] },
          target: { table: 'public.items', key: ['id'], identity: ['v'] },
          columns: { legacy_id: 'no', v: 'v' },
        },
      },
    },
  );
  expect(await items()).toMatchObject({ inserted: 5, adopted: 1, setAside: 0 });
});

test.each([
  ['after the row was inserted', 'AFTER INSERT OR UPDATE'],
  ['on its way in', 'BEFORE INSERT OR UPDATE'],
])('one that changes a mapped column makes no edit of it: %s', async (_, when) => {
  const body = when.startsWith('AFTER')
    ? 'UPDATE items SET v = upper(v) WHERE id = NEW.id AND v <> upper(v); RETURN NULL;'
    : 'NEW.v := upper(NEW.v); RETURN NEW;';
  p = await portage(SOURCE, `${ITEMS}; ${trigger(when, body)}`, map({}));
  expect(await items()).toMatchObject({ inserted: 6 });
  expect(await items()).toMatchObject({ unchanged: 6, kept: 0 });
  await p.run('source', "UPDATE item SET v = 'new' WHERE no = 1");
  const { output } = await p.migrate();
  expect(output!.entities['items']).toMatchObject({ updated: 1, unchanged: 5, kept: 0, conflicts: 0 });
  expect(await p.value('SELECT v FROM items WHERE legacy_id = 1')).toBe('NEW');
  expect(await items()).toMatchObject({ unchanged: 6, kept: 0 });
  expect((await p.rollback(output!.operationId)).output).toMatchObject({ status: 'completed' });
  expect(await p.value('SELECT v FROM items WHERE legacy_id = 1')).toBe('V1');
});

test.each([
  ['a UUID', ITEMS, 'NEW.id := gen_random_uuid()', map({})],
  [
    'a natural key',
    'CREATE TABLE items (code text PRIMARY KEY, legacy_id integer, v text)',
    'NEW.code := upper(NEW.code)',
    map({ code: { sql: "'c' || s.no" } }, 'code'),
  ],
])('one that gives a row another key has it set aside: %s', async (_, table, change, of) => {
  p = await portage(
    SOURCE,
    `${table}; ${trigger('BEFORE INSERT OR UPDATE', `IF NEW.legacy_id = 3 THEN ${change}; END IF; RETURN NEW;`)}`,
    of,
  );
  expect(await items()).toMatchObject({ inserted: 5, setAside: 1 });
  expect(await p.rows('SELECT legacy_key, code, reason FROM set_aside_rows')).toEqual([
    { legacy_key: '3', code: 'M012', reason: expect.stringContaining('gave the row another key') },
  ]);
  expect(await p.value('SELECT count(*) FROM items')).toBe('5');
  expect(await p.value('SELECT count(*) FROM uuid_mappings')).toBe('5');
});
