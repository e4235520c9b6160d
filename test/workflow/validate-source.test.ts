// Whether a migration could read every row: keys, expressions, values; with the rows that are at fault named, and no value of
// a sensitive column in what is said of them. And how large the entities are.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { sizeAnswer } from '../../shared/operations/data-validator/analyze-size.ts';
import { sourceAnswer, type SourceAnswer } from '../../shared/operations/migration-analyzer/validate-source.ts';
import { portage, type Portage } from '../support/portage.ts';

const SOURCE = `
  CREATE TABLE item (no integer, code text, price text, born text, label text, secret text);
  INSERT INTO item SELECT n, 'C' || n, n || '.50', '2020-01-01', 'L' || n, 'secret ' || n FROM generate_series(1, 500) n;
  CREATE TABLE fine (no integer PRIMARY KEY, label text);
  INSERT INTO fine SELECT n, 'x' FROM generate_series(1, 10) n;`;
const TARGET = `
  CREATE DOMAIN positive AS numeric CHECK (value > 0);
  CREATE TABLE items (id uuid PRIMARY KEY, legacy_id integer UNIQUE, price positive, born date, label varchar(6) NOT NULL, secret varchar(12));
  CREATE TABLE fines (id uuid PRIMARY KEY, legacy_id integer UNIQUE, label text);`;
const map = {
  name: 'goods',
  entities: {
    items: {
      source: { table: 'public.item', key: ['no'] },
      target: { table: 'public.items', key: ['id'], identity: ['legacy_id'] },
      columns: {
        legacy_id: 'no',
        price: 'price',
        born: { sql: "to_date(s.born, 'YYYY-MM-DD')" },
        label: 'label',
        secret: { from: 'secret', sensitive: true },
      },
    },
    fines: {
      source: { table: 'public.fine', key: ['no'] },
      target: { table: 'public.fines', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'no', label: 'label' },
    },
  },
} satisfies EntityMap;

let p: Portage;
beforeAll(async () => void (p = await portage(SOURCE, TARGET, map)));
afterAll(() => p.end());

const validate = async (entity: unknown, more = {}): Promise<SourceAnswer> => {
  const { output, failure } = await p.command({
    command: 'migration-analyzer validate-source',
    entity,
    ...more,
  });
  expect(failure).toBeNull();
  return sourceAnswer.parse(output);
};

describe('validate-source', () => {
  test('finds nothing where every row can be read and fits, before anything was migrated', async () => {
    expect(await validate(['fines'])).toMatchObject({
      faulty: 0,
      entities: [{ entity: 'fines', rows: 10, examples: [] }],
    });
  });

  test('finds each bad row by its key, with its kind and column', async () => {
    await p.run(
      'source',
      `UPDATE item SET born = 'never' WHERE no IN (17, 18, 400); UPDATE item SET price = '-1' WHERE no = 30; UPDATE item SET price = 'dear' WHERE no = 31;
       UPDATE item SET label = 'far too long' WHERE no = 32; UPDATE item SET label = NULL WHERE no = 33; UPDATE item SET secret = 'a canary in here' WHERE no = 34;
       UPDATE item SET no = 499 WHERE no = 500; UPDATE item SET no = NULL WHERE no = 40`,
    );

    const answer = await validate('all');

    const [items] = answer.entities;
    expect(items).toMatchObject({ nullKeys: 1, duplicateKeys: 1, unreadable: 4, unfit: 3, nulls: 1, unread: [] });
    expect(answer.faulty).toBe(10);
    expect(items!.examples.map((one) => [one.legacyId, one.kind, one.column])).toEqual([
      [null, 'null_key', null],
      ['499', 'duplicate_key', null],
      ['17', 'unreadable', 'born'],
      ['18', 'unreadable', 'born'],
      ['31', 'unreadable', 'price'],
      ['400', 'unreadable', 'born'],
      ['30', 'unfit', 'price'],
      ['32', 'unfit', 'label'],
      ['34', 'unfit', 'secret'],
      ['33', 'null', 'label'],
    ]);
    expect(JSON.stringify(answer)).not.toMatch(/canary|never|far too long|dear/);
  });

  test('ends its search where a range is bad all over, and says what it did not read', async () => {
    await p.run('source', "UPDATE item SET born = 'never'");

    const [items] = (await validate(['items'])).entities;

    expect(items!.unreadable).toBe(50);
    expect(items!.unread.length).toBeGreaterThan(0);
  });

  test('looks at rows in conflict alone, when that is asked', async () => {
    await p.run(
      'source',
      "UPDATE item SET born = '2020-01-01', label = 'L', price = '1'; UPDATE item SET no = 500 WHERE code = 'C500'; UPDATE item SET no = 40 WHERE no IS NULL; UPDATE item SET secret = 's'",
    );
    await p.migrate();
    await p.run(
      'source',
      "UPDATE item SET label = 'source' WHERE no IN (5, 6); UPDATE item SET price = 'bad' WHERE no = 6",
    );
    await p.run('target', "UPDATE items SET label = 'target' WHERE legacy_id IN (5, 6)");
    await p.run('source', "UPDATE item SET price = '2' WHERE no = 6");
    await p.migrate();
    await p.run('source', "UPDATE item SET price = 'bad' WHERE no = 6; UPDATE item SET price = 'worse' WHERE no = 7");

    const answer = await validate(['items'], { conflictRecordsOnly: true });

    expect(answer.entities[0]).toMatchObject({
      rows: 2,
      unreadable: 1,
      examples: [{ legacyId: '6', kind: 'unreadable' }],
    });
  });
});

describe('analyze-size', () => {
  test('counts both sides, and estimates time and cost from the rate that was measured', async () => {
    const output = sizeAnswer.parse(
      (await p.command({ command: 'data-validator analyze-size', estimateSyncTime: true })).output,
    );

    expect(output.entities).toMatchObject([
      { entity: 'items', sourceRows: 500, targetRows: 500, mapped: 500, sourceBytes: expect.any(Number) },
      { entity: 'fines', sourceRows: 10, targetRows: 10, mapped: 10 },
    ]);
    expect(output.estimate).toMatchObject({ invocations: 10, transitions: 58 });
    expect(output.estimate!.usd.total).toBeCloseTo(58 * 0.000025, 4);
    expect(output.estimate!.usd.total).toBeGreaterThan(58 * 0.000025);
  });

  test('says nothing of time where it is not asked', async () => {
    const output = sizeAnswer.parse(
      (await p.command({ command: 'data-validator analyze-size', entities: ['fines'] })).output,
    );

    expect(output).toMatchObject({ estimate: null, entities: [{ entity: 'fines', seconds: null }] });
  });
});
