// Mappings against the rows that they name: each kind of fault is found, and mended from the rows that bear the identities and
// from the derivation; what nothing proves stays as it is. Afterwards a differential run is right about every row.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  repairMappingsAnswer,
  type RepairMappingsAnswer,
} from '../../shared/operations/migration-analyzer/repair-uuid-mappings.ts';
import {
  mappingsAnswer,
  type MappingsAnswer,
} from '../../shared/operations/migration-analyzer/validate-uuid-mappings.ts';
import { portage, type Portage } from '../support/portage.ts';
import { practice, PRACTICE_SOURCE, PRACTICE_TARGET } from '../support/practice.ts';

let p: Portage;
beforeAll(async () => {
  p = await portage(PRACTICE_SOURCE, PRACTICE_TARGET, practice);
  expect((await p.migrate()).output?.status).toBe('completed');
  await p.run(
    'target',
    'CREATE TABLE kept_doctors AS SELECT * FROM doctors; CREATE TABLE kept_rooms AS SELECT * FROM rooms; CREATE TABLE kept_mappings AS SELECT * FROM portage.uuid_mappings',
  );
});
afterAll(() => p.end());
beforeEach(async () => {
  await p.run(
    'target',
    `TRUNCATE doctors, rooms; INSERT INTO doctors SELECT * FROM kept_doctors; INSERT INTO rooms SELECT * FROM kept_rooms;
     DELETE FROM portage.uuid_mappings; INSERT INTO portage.uuid_mappings SELECT * FROM kept_mappings; DELETE FROM portage.data_differentials`,
  );
});

const validate = async (entity: unknown): Promise<MappingsAnswer> => {
  const { output, failure } = await p.command({
    command: 'migration-analyzer validate-uuid-mappings',
    entity,
  });
  expect(failure).toBeNull();
  return mappingsAnswer.parse(output);
};
const repair = async (entity: unknown, more = {}): Promise<RepairMappingsAnswer> => {
  const { output, failure } = await p.command({
    command: 'migration-analyzer repair-uuid-mappings',
    entity,
    ...more,
  });
  expect(failure).toBeNull();
  return repairMappingsAnswer.parse(output);
};

const OF_DOCTORS = "entity_id = (SELECT entity_id FROM portage.entities WHERE entity = 'doctors')";
const doctor = (legacy: number): string => `(SELECT id FROM doctors WHERE legacy_id = ${legacy})`;
const setMapping = (legacy: number, to: string): string =>
  `UPDATE portage.uuid_mappings SET target_uuid = ${to} WHERE ${OF_DOCTORS} AND legacy_id = ${legacy};`;
const swap = (a: number, b: number): string =>
  `UPDATE portage.uuid_mappings SET target_uuid = CASE legacy_id WHEN ${a} THEN ${doctor(b)} ELSE ${doctor(a)} END WHERE ${OF_DOCTORS} AND legacy_id IN (${a}, ${b});`;

/** Mappings that name another row than they did when all was right, and such as are there no more or anew. */
const differing = (): Promise<unknown[]> =>
  p.rows(`SELECT coalesce(m.legacy_id, k.legacy_id) AS legacy_id FROM (SELECT * FROM portage.uuid_mappings WHERE ${OF_DOCTORS}) m
    FULL JOIN (SELECT * FROM kept_mappings WHERE ${OF_DOCTORS}) k USING (legacy_id) WHERE m.target_uuid IS DISTINCT FROM k.target_uuid ORDER BY 1`);

test('mappings that nobody has harmed have no fault', async () => {
  const answer = await validate('all');

  expect(answer.faulty).toBe(0);
  expect(answer.mappings.map((one) => [one.entity, one.mapped])).toEqual([
    ['offices', 10],
    ['doctors', 40],
    ['rooms', 5],
    ['visits', 200],
    ['skills', 80],
  ]);
});

/** What is done, what is found, and whether the mappings are as they were after the repair. */
const CASES: readonly {
  readonly name: string;
  readonly harm: string;
  readonly finds: Record<string, number>;
  readonly repairs: { readonly made?: number; readonly remapped?: number; readonly kept?: number };
  /** Faults that are there still. */
  readonly left?: number;
}[] = [
  {
    name: 'two mappings swapped',
    harm: swap(3, 4),
    finds: { conflicting: 2 },
    repairs: { remapped: 2 },
  },
  {
    name: 'three mappings in a ring',
    harm: `UPDATE portage.uuid_mappings SET target_uuid = CASE legacy_id WHEN 1 THEN ${doctor(2)} WHEN 2 THEN ${doctor(3)} ELSE ${doctor(1)} END WHERE ${OF_DOCTORS} AND legacy_id IN (1, 2, 3)`,
    finds: { conflicting: 3 },
    repairs: { remapped: 3 },
  },
  {
    name: 'two mappings on one row, the other row still there',
    harm: setMapping(6, doctor(5)),
    finds: { conflicting: 1, duplicate: 1 },
    repairs: { remapped: 1 },
  },
  {
    name: 'two mappings on one row, the other row gone',
    harm: `${setMapping(5, doctor(6))} DELETE FROM doctors WHERE legacy_id = 5`,
    finds: { duplicate: 1 },
    repairs: { remapped: 1 },
    left: 1,
  },
  {
    name: 'a mapping to a row that is not there, and a row that bears the identity',
    harm: setMapping(7, 'gen_random_uuid()'),
    finds: { dangling: 1 },
    repairs: { remapped: 1 },
  },
  {
    name: 'a mapping whose row was deleted',
    harm: 'DELETE FROM doctors WHERE legacy_id = 13',
    finds: { dangling: 1 },
    repairs: { kept: 1 },
    left: 1,
  },
  {
    name: 'a row without its mapping',
    harm: `DELETE FROM portage.uuid_mappings WHERE ${OF_DOCTORS} AND legacy_id = 9`,
    finds: { missing: 1 },
    repairs: { made: 1 },
  },
  {
    name: 'two rows that bear one identity',
    harm: `ALTER TABLE doctors DROP CONSTRAINT doctors_legacy_id_key; UPDATE doctors SET legacy_id = 11 WHERE legacy_id = 12`,
    finds: { dangling: 0, conflicting: 0 },
    repairs: {},
  },
  {
    name: 'a key that took over the row of another, which has no mapping any more',
    harm: `DELETE FROM portage.uuid_mappings WHERE ${OF_DOCTORS} AND legacy_id = 13; ${setMapping(14, doctor(13))}`,
    finds: { conflicting: 2 },
    repairs: { made: 1, remapped: 1 },
  },
];

describe.each(CASES)('$name', ({ harm, finds, repairs, left = 0 }) => {
  beforeEach(() => p.run('target', harm));

  test('is found, and mended as the dry run said', async () => {
    const [found] = (await validate(['doctors'])).mappings;
    expect(found).toMatchObject(finds);
    const counts = { made: 0, remapped: 0, kept: 0, ...repairs };

    const [dry] = (await repair(['doctors'], { dryRun: true })).mappings;
    expect(dry).toMatchObject(counts);
    const answer = await repair(['doctors']);

    expect(answer.mappings[0]).toMatchObject(counts);
    expect(await differing()).toEqual([]);
    expect(answer.left).toBe(left);
    expect((await validate(['doctors'])).faulty).toBe(left);
  });
});

describe('after a repair', () => {
  test('each mapping that was made or moved can be taken back, and says who made it', async () => {
    await p.run('target', `${swap(3, 4)} DELETE FROM portage.uuid_mappings WHERE ${OF_DOCTORS} AND legacy_id = 9`);
    const wrong = await p.value(`SELECT target_uuid FROM portage.uuid_mappings WHERE ${OF_DOCTORS} AND legacy_id = 3`);

    const { operationId } = await repair(['doctors']);

    expect(
      await p.rows(
        `SELECT u.action, u.legacy_key, u.target_key = m.target_uuid::text AS now, u.key_before AS before, m.origin FROM portage.undo_log u JOIN portage.operations o USING (operation_no)
         JOIN portage.uuid_mappings m ON m.entity_id = u.entity_id AND m.legacy_id::text = u.legacy_key WHERE o.operation_id = '${operationId}' ORDER BY 2`,
      ),
    ).toEqual([
      { action: 'remap', legacy_key: '3', now: 't', before: wrong, origin: 'r' },
      { action: 'remap', legacy_key: '4', now: 't', before: expect.any(String), origin: 'r' },
      { action: 'adopt', legacy_key: '9', now: 't', before: null, origin: 'r' },
    ]);
  });

  test('a rollback takes it back: every mapping names what it named before', async () => {
    await p.run('target', `${swap(3, 4)} DELETE FROM portage.uuid_mappings WHERE ${OF_DOCTORS} AND legacy_id = 9`);
    const before = await p.rows(
      `SELECT legacy_id, target_uuid FROM portage.uuid_mappings WHERE ${OF_DOCTORS} ORDER BY 1`,
    );
    const { operationId } = await repair(['doctors']);

    const { failure, output } = await p.rollback(operationId);

    expect(failure).toBeNull();
    expect(output).toMatchObject({ status: 'completed' });
    expect(
      await p.rows(`SELECT legacy_id, target_uuid FROM portage.uuid_mappings WHERE ${OF_DOCTORS} ORDER BY 1`),
    ).toEqual(before);
  });

  test('a differential run finds every row as it was', async () => {
    await p.run('target', `${swap(3, 4)} DELETE FROM portage.uuid_mappings WHERE ${OF_DOCTORS} AND legacy_id = 9`);
    await repair(['doctors']);

    const { output } = await p.migrate({ entities: ['doctors'] });

    expect(output?.entities['doctors']).toMatchObject({ read: 40, unchanged: 40, updated: 0, conflicts: 0, kept: 0 });
  });

  test('an edit of a row whose mapping was made anew is a conflict, and not written over', async () => {
    await p.run(
      'target',
      `DELETE FROM portage.uuid_mappings WHERE ${OF_DOCTORS} AND legacy_id = 9; UPDATE doctors SET name = 'edited' WHERE legacy_id = 9`,
    );
    await repair(['doctors']);

    const { output } = await p.migrate({ entities: ['doctors'] });

    expect(output?.entities['doctors']).toMatchObject({ updated: 0, conflicts: 1 });
    expect(await p.value('SELECT name FROM doctors WHERE legacy_id = 9')).toBe('edited');
  });
});

describe('an entity without identity', () => {
  const OF_ROOMS = "entity_id = (SELECT entity_id FROM portage.entities WHERE entity = 'rooms')";

  test('is mended from the derivation', async () => {
    const right = await p.rows(
      `SELECT legacy_key, target_uuid FROM portage.uuid_mappings WHERE ${OF_ROOMS} ORDER BY 1`,
    );
    await p.run(
      'target',
      `UPDATE portage.uuid_mappings SET target_uuid = gen_random_uuid() WHERE ${OF_ROOMS} AND legacy_key = 'R2'`,
    );

    const [found] = (await validate(['rooms'])).mappings;
    expect(found).toMatchObject({ dangling: 1, notDerived: 1 });
    expect((await repair(['rooms'])).mappings[0]).toMatchObject({ remapped: 1 });

    expect(
      await p.rows(`SELECT legacy_key, target_uuid FROM portage.uuid_mappings WHERE ${OF_ROOMS} ORDER BY 1`),
    ).toEqual(right);
  });

  test('has a fault where two mappings name one row', async () => {
    await p.run(
      'target',
      `UPDATE portage.uuid_mappings SET target_uuid = (SELECT target_uuid FROM portage.uuid_mappings WHERE ${OF_ROOMS} AND legacy_key = 'R1') WHERE ${OF_ROOMS} AND legacy_key = 'R2'`,
    );

    expect((await validate(['rooms'])).mappings[0]).toMatchObject({ duplicate: 2 });
    await repair(['rooms']);
    expect((await validate(['rooms'])).faulty).toBe(0);
  });
});
