// Drafts where tables have other names: what is guessed, why, and what is only told.
import { afterEach, describe, expect, test } from '@jest/globals';
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { initAnswer } from '../../shared/operations/differential-migration/init.ts';
import { ask } from '../support/inspect.ts';
import { portage, type Portage } from '../support/portage.ts';

let p: Portage;
afterEach(() => p.end());

/** The draft of a pair of schemas: which table became which, and its notes. */
async function drafted(source: string, target: string) {
  p = await portage(source, target, { name: 'none', entities: {} });
  const { answer } = await ask(initAnswer, 'differential-migration init');
  const map = answer.map as EntityMap;
  const pairs = Object.fromEntries(Object.entries(map.entities).map(([name, each]) => [name, each.source.table]));
  return { map, pairs, notes: answer.notes };
}

const CLINIC = `
  CREATE TABLE breed (breed_no integer PRIMARY KEY, breed_nm text NOT NULL);
  CREATE TABLE colour (colour_no integer PRIMARY KEY, colour_nm text NOT NULL);
  CREATE TABLE pet (pet_no integer PRIMARY KEY, breed_no integer NOT NULL REFERENCES breed, chip text, weight_g integer);
  CREATE TABLE jab (jab_no integer PRIMARY KEY, pet_no integer NOT NULL REFERENCES pet, drug text NOT NULL, dose_ml numeric);
  INSERT INTO breed VALUES (1, 'Poodle'), (2, 'Persian');
  INSERT INTO pet SELECT n, 1 + n % 2, 'chip ' || n, n * 100 FROM generate_series(1, 20) n;
  INSERT INTO jab SELECT n, n, 'drug', 1.5 FROM generate_series(1, 10) n;`;
const KEYS = 'id uuid PRIMARY KEY, legacy_id integer UNIQUE';

describe('tables with other names', () => {
  test('are found by their columns and by what refers to what, and the draft can be migrated', async () => {
    const { map, pairs, notes } = await drafted(
      CLINIC,
      `CREATE TABLE species (${KEYS}, name text NOT NULL);
       CREATE TABLE animals (${KEYS}, species_id uuid NOT NULL REFERENCES species, chip text, weight_g integer);
       CREATE TABLE vaccinations (${KEYS}, animal_id uuid NOT NULL REFERENCES animals, drug text NOT NULL, dose_ml numeric);`,
    );
    expect(pairs).toEqual({ animals: 'public.pet', species: 'public.breed', vaccinations: 'public.jab' });
    const guesses = notes.filter((note) => note.includes('is a guess, for the names differ: '));
    expect(guesses).toHaveLength(3);
    expect(guesses).toContainEqual(
      expect.stringMatching(
        /^entities\.species: \d+ %, public\.breed .* name is like breed_nm; animals refers to it as public\.pet does to that$/,
      ),
    );
    expect(notes).toContain('source public.colour: no entity reads it');

    await p.useMap(map);
    expect(await p.migrate()).toMatchObject({ status: 'SUCCEEDED' });
    const joined = 'FROM vaccinations v JOIN animals a ON a.id = v.animal_id JOIN species s ON s.id = a.species_id';
    expect(
      await p.value(`SELECT count(*) ${joined} WHERE a.legacy_id = v.legacy_id AND s.legacy_id = 1 + a.legacy_id % 2`),
    ).toBe('10');
  });

  test('without foreign keys, by a column called as the key that it leads to', async () => {
    const { pairs } = await drafted(
      `${CLINIC} ALTER TABLE jab DROP CONSTRAINT jab_pet_no_fkey; ALTER TABLE pet DROP CONSTRAINT pet_breed_no_fkey`,
      `CREATE TABLE species (${KEYS}, name text NOT NULL);
       CREATE TABLE animals (${KEYS}, species_id uuid NOT NULL REFERENCES species, chip text, weight_g integer);`,
    );
    expect(pairs).toEqual({ animals: 'public.pet', species: 'public.breed' });
  });

  test('are told, not chosen, where two could be meant', async () => {
    const { pairs, notes } = await drafted(
      `CREATE TABLE front_shelf (no integer PRIMARY KEY, sku text, weight_g integer, barcode text);
       CREATE TABLE back_shelf (no integer PRIMARY KEY, sku text, weight_g integer, barcode text);`,
      `CREATE TABLE goods (${KEYS}, sku text, weight_g integer, barcode text);`,
    );
    expect(pairs).toEqual({});
    expect(notes).toContainEqual(
      expect.stringMatching(
        /^target public\.goods: no entity writes it, undecided: public\.(front|back)_shelf \(\d+ %, .*sku is like sku.*\); or public\.(front|back)_shelf \(/,
      ),
    );
  });

  test('are no guess where only a name is alike, which every table has', async () => {
    const { pairs, notes } = await drafted(
      ['colour', 'town', 'hobby'].map((name) => `CREATE TABLE ${name} (no integer PRIMARY KEY, name text)`).join(';'),
      `CREATE TABLE badges (${KEYS}, name text);`,
    );
    expect(pairs).toEqual({});
    expect(notes).toContain('target public.badges: no entity writes it, no source relation is like it');
  });

  test('may be a part of a table that another entity reads', async () => {
    const { pairs, notes } = await drafted(
      'CREATE TABLE patient (pat_no integer PRIMARY KEY, family_name text, born date, city text, country text, postal_code text)',
      `CREATE TABLE patients (${KEYS}, family_name text, born date);
       CREATE TABLE residences (${KEYS}, patient_id uuid REFERENCES patients, city text, country text, postal_code text);`,
    );
    expect(pairs).toEqual({ patients: 'public.patient' });
    expect(notes).toContainEqual(
      expect.stringMatching(
        /^target public\.residences: no entity writes it, perhaps a part of public\.patient, of which patients is made \(city is like city, .*\): two entities may read one table$/,
      ),
    );
  });

  test('what must be filled is told with the columns that nothing reads yet', async () => {
    const { notes } = await drafted(
      'CREATE TABLE patient (pat_no integer PRIMARY KEY, born date, fname text, sname text)',
      `CREATE TABLE patients (${KEYS}, born date, whole text NOT NULL);`,
    );
    expect(notes).toContain(
      'entities.patients.columns.whole: must be filled, and nothing was found for it; nothing reads yet: fname, sname',
    );
  });
});
