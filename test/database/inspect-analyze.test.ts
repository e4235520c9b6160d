// What is known before a migration, of one entity, and of which new row is which old one, on two real databases.
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { analyze, analyzeAnswer } from '../../shared/operations/differential-migration/analyze.ts';
import { exportMapping, exportMappingAnswer } from '../../shared/operations/differential-migration/export-mapping.ts';
import { setAside, setAsideList } from '../../shared/operations/differential-migration/set-aside.ts';
import { debug, debugAnswer } from '../../shared/operations/migration-analyzer/debug.ts';
import { commandOf } from '../../shared/operations/operation.ts';
import { ask, refused } from '../support/inspect.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

let p: Portage;
let folder: string;
beforeAll(async () => {
  p = await portage(SURGERY_SOURCE, SURGERY_TARGET, surgery);
  folder = await mkdtemp(join(tmpdir(), 'portage-out-'));
});
afterAll(async () => {
  await p.end();
  await rm(folder, { recursive: true, force: true });
});

const analysis = (flags: Record<string, unknown> = {}) => ask(analyzeAnswer, commandOf(analyze), flags);
const of = async (entity: string) => (await analysis({ entities: [entity] })).answer.entities[0]!;

describe('analyze', () => {
  test('of a target without a ledger counts every row as new, and leaves no trace', async () => {
    const { answer, exit } = await analysis();
    expect(exit).toBe(0);
    expect(answer.waves).toEqual([['offices'], ['doctors']]);
    expect(answer.entities[1]).toMatchObject({
      entity: 'doctors',
      wave: 2,
      source: { rows: 20 },
      target: { rows: 0 },
      estimate: { new: 20, changed: 0, deleted: 0, unchanged: 0, setAside: 0, basis: 'counted' },
      rate: { basis: 'assumed' },
    });
    expect(await p.value("SELECT to_regnamespace('portage')")).toBeNull();
  });

  test('of migrated rows finds what changed since, as the run does', async () => {
    await p.migrate();
    expect(await of('doctors')).toMatchObject({ mapped: 20, estimate: { new: 0, changed: 0, unchanged: 20 } });
    await p.run(
      'source',
      `UPDATE doctor SET note = 'new' WHERE doc_no IN (11, 12); DELETE FROM doctor WHERE doc_no = 13;
       INSERT INTO doctor (doc_no, doc_nm, office_no) VALUES (21, 'New', 1), (22, 'Lost', 99)`,
    );
    await p.run('target', "UPDATE doctors SET note = 'mine' WHERE legacy_id = 14");
    expect(await of('doctors')).toMatchObject({
      source: { rows: 21 },
      target: { rows: 20 },
      estimate: { new: 1, changed: 2, deleted: 1, targetEdited: 1, setAside: 1, unchanged: 16, basis: 'counted' },
    });
    const run = await p.migrate({ dryRun: true });
    expect(run.output!.entities['doctors']).toMatchObject({ inserted: 1, updated: 2, setAside: 1 });
  });

  test('of many rows that differ reads a sample, and says so', async () => {
    await p.run('source', `INSERT INTO office SELECT n, 'Office ' || n FROM generate_series(1000, 90999) n`);
    const offices = await of('offices');
    expect(offices.estimate).toMatchObject({ basis: 'sampled', deleted: 0 });
    expect(offices.estimate!.rowsRead).toBeLessThan(70_000);
    expect(Math.abs(offices.estimate!.new - 90_000)).toBeLessThan(10_000);
    await p.run('source', 'DELETE FROM office WHERE office_no >= 1000');
  });

  test('names values that the target cannot hold, without showing one', async () => {
    await p.run(
      'source',
      "UPDATE doctor SET doc_nm = repeat('secret', 10) WHERE doc_no = 3; UPDATE doctor SET code = 'A' WHERE doc_no = 4; ALTER TABLE doctor ADD shoe_size integer",
    );
    const { answer } = await analysis({ entities: ['doctors'] });
    const said = answer.problems.map(({ path, message, got }) => `${path}: ${message} ${got ?? ''}`);
    expect(said).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/columns\.name: values too long for the column 1 of the rows/),
        expect.stringMatching(
          /entities\.doctors\.columns: columns of public\.doctor that no entity takes along shoe_size/,
        ),
        expect.stringMatching(/office_id: the reference has no index/),
      ]),
    );
    expect(JSON.stringify(answer)).not.toContain('secretsecret');
  });

  test('names a unique key that the values would break', async () => {
    await p.run('target', 'CREATE UNIQUE INDEX one_name ON offices (name)');
    await p.run('source', "INSERT INTO office VALUES (3, 'North')");
    const { answer } = await analysis({ entities: ['offices'] });
    expect(answer.problems).toContainEqual(
      expect.objectContaining({
        path: 'entities.offices.columns.name',
        got: '1 of the rows, which would be set aside',
      }),
    );
    await p.run('target', 'DROP INDEX one_name');
    await p.run('source', 'DELETE FROM office WHERE office_no = 3');
  });

  test('writes the report, whole or not at all', async () => {
    const output = join(folder, 'analysis.json');
    const { answer } = await analysis({ output });
    expect(JSON.parse(await readFile(output, 'utf8'))).toEqual({ ...answer, output: undefined });
    expect(await refused(commandOf(analyze), { output: join(folder, 'no', 'a.json') })).toMatchObject({ exit: 2 });
    expect(await readdir(folder)).toEqual(['analysis.json']);
  });

  test('answers the faults of a map that does not fit the databases', async () => {
    const { offices, doctors } = surgery.entities;
    await p.useMap({
      ...surgery,
      entities: { doctors, offices: { ...offices, columns: { legacy_id: 'office_no', nme: 'office_nm' } } },
    });
    const { answer, exit } = await analysis();
    expect(exit).toBe(1);
    expect(answer.problems[0]).toMatchObject({ severity: 'fault' });
    expect(answer.entities.map(({ estimate }) => estimate)).toEqual([null, null]);
    const { answer: page } = await ask(debugAnswer, commandOf(debug), { entity: ['offices'] });
    expect(page.entities[0]!.notes[0]).toContain('the map does not fit');
    await p.useMap(surgery);
  });
});

test('debug tells what the ledger and the servers know of an entity', async () => {
  await p.migrate();
  const { answer } = await ask(debugAnswer, commandOf(debug), { entity: ['doctors'] });
  const [doctors] = answer.entities;
  expect(doctors).toMatchObject({
    mapping: { source: 'public.doctor', references: ['office_id -> offices', 'boss_id -> doctors'], wave: 2 },
    ledger: { setAside: { open: 2 }, differentials: { deleted: 1, value: 1 } },
    failures: expect.arrayContaining([expect.objectContaining({ legacyId: '22', code: 'M003' })]),
    lastErrors: [],
  });
  expect(doctors!.checkpoints[0]).toMatchObject({ status: 'completed' });
  expect(doctors!.batches.length).toBeGreaterThan(0);
  const long = await ask(debugAnswer, commandOf(debug), { entity: ['doctors'], verbose: true });
  expect(long.answer.entities[0]!.batches.length).toBeGreaterThan(doctors!.batches.length);
  expect(await refused(commandOf(debug), { entity: ['docters'] })).toMatchObject({ exit: 2 });
});

test('export-mapping writes the keys of every row that is there', async () => {
  const output = join(folder, 'mapping.csv');
  const { answer } = await ask(exportMappingAnswer, commandOf(exportMapping), { output });
  const [head, ...rows] = (await readFile(output, 'utf8')).trimEnd().split('\n');
  expect(head).toBe('entity,legacy_key,target_key,origin');
  expect(rows).toHaveLength(answer.rows);
  const view = await p.rows(
    "SELECT entity || ',' || legacy_key || ',' || target_key || ',' || origin AS line FROM portage.mappings WHERE NOT closed",
  );
  expect([...rows].sort()).toEqual(view.map(({ line }) => line).sort());
});

test('the list of rows set aside is written as CSV and as JSON, quoted where it must be', async () => {
  await p.run('target', `UPDATE portage.set_aside_rows SET reason = 'says "no", twice' WHERE legacy_key = '22'`);
  const csv = join(folder, 'aside.csv');
  const json = join(folder, 'aside.json');
  const { answer } = await ask(setAsideList, commandOf(setAside), { entity: 'all', output: csv });
  await ask(setAsideList, commandOf(setAside), { entity: 'all', output: json });
  expect(JSON.parse(await readFile(json, 'utf8'))).toEqual(answer.rows);
  const lines = (await readFile(csv, 'utf8')).trimEnd().split('\n');
  expect(lines).toHaveLength(1 + answer.open);
  expect(lines.join('\n')).toContain('"says ""no"", twice"');
});
