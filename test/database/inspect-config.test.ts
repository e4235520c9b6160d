// validate-config: everything that is wrong in one answer.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clinicSchema } from '../../cli/demo/generate-clinic.ts';
import { closeDependencies } from '../../functions/dependencies.ts';
import { clinic } from '../../shared/entities/clinic.ts';
import { configAnswer } from '../../shared/operations/migration-analyzer/validate-config.ts';
import { ask, refused, under, variablesOf } from '../support/inspect.ts';
import { twoSides, type TestSides } from '../support/sides.ts';

let sides: TestSides;
let folder = '';
beforeAll(async () => {
  sides = await twoSides(clinicSchema('legacy'), clinicSchema('target'));
  folder = await mkdtemp(join(tmpdir(), 'portage-inspect-'));
  Object.assign(process.env, variablesOf(sides));
});
afterAll(async () => {
  await closeDependencies();
  await sides.end();
  await rm(folder, { recursive: true });
});

const mapFile = async (name: string, map: unknown): Promise<string> => {
  const file = join(folder, name);
  await writeFile(file, JSON.stringify(map));
  return file;
};

describe('validate-config', () => {
  const command = 'migration-analyzer validate-config';

  test('a configuration that holds', async () => {
    const { answer, exit } = await ask(configAnswer, command);
    expect(exit).toBe(0);
    expect(answer).toEqual({ valid: true, map: 'clinic', entities: Object.keys(clinic.entities), notes: [] });
  });

  test('comprehensive adds the warnings', async () => {
    await sides.run('target', 'DROP INDEX orders_patient_id_idx');
    expect((await ask(configAnswer, command)).answer.notes).toEqual([]);
    expect((await ask(configAnswer, command, { comprehensive: true })).answer.notes).toEqual([
      expect.stringMatching(/^warning: entities\.orders\.columns\.patient_id: the reference has no index/),
    ]);
  });

  test('faults of the catalogs are one error', async () => {
    const broken = {
      name: 'broken',
      entities: {
        ...clinic.entities,
        doctors: {
          ...clinic.entities.doctors,
          columns: { ...clinic.entities.doctors.columns, legacy_id: 'doc_nr', specialty: 'spek' },
        },
      },
    };
    const error = await under({ PORTAGE_MAP: await mapFile('catalog.json', broken) }, () => refused(command));
    expect(error).toMatchObject({ code: 'SYS002', exit: 2 });
    expect(error.message).toContain('entities.doctors.columns.legacy_id: ');
    expect(error.message).toContain('entities.doctors.columns.specialty: ');
  });

  test('faults of the environment and of the map are one error', async () => {
    const file = await mapFile('form.json', {
      name: 'x',
      entities: { all: { source: {} }, test: { ...clinic.entities.doctors } },
    });
    const error = await under({ PORTAGE_MAP: file, PORTAGE_LANES: 'many', SOURCE_DB_URL: 'nonsense' }, () =>
      refused(command),
    );
    expect(error).toMatchObject({ code: 'SYS002', exit: 2 });
    for (const part of [
      'PORTAGE_LANES: got "many"',
      'SOURCE_DB_URL: ',
      'entities.test: ',
      'entities.all.source.table: ',
    ])
      expect(error.message).toContain(part);
  });

  test('without databases variables and mapping are checked all the same', async () => {
    const nowhere = { SOURCE_DB_URL: 'postgres://x@127.0.0.1:1/a', TARGET_DB_URL: 'postgres://x@127.0.0.1:1/b' };
    await under(nowhere, async () => {
      expect((await ask(configAnswer, command)).answer.notes).toEqual([
        expect.stringMatching(/^the mapping was not checked against the databases: SYS001/),
      ]);
      expect(await refused(command, { comprehensive: true })).toMatchObject({ code: 'SYS001', exit: 3 });
    });
  });
});
