/** Texts under collations that differ from table to table, and numbers that the target keeps as texts. */
import type { Schema } from './schema.ts';

export const collations: Schema = {
  name: 'keys and references under several collations, numbers kept as texts',
  legacy: `
    CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE country (code text COLLATE nocase PRIMARY KEY, nm text);
    CREATE TABLE city (id bigint PRIMARY KEY, code text COLLATE "sv-x-icu", nm text);
    INSERT INTO country VALUES ('De', 'Germany'), ('FR', 'France'), ('gb', 'Britain'), ('_', 'none'), ('', 'empty');
    INSERT INTO city VALUES (-9223372036854775808, 'DE', 'first'), (9223372036854775807, 'fr', 'last'), (0, 'gb', 'zero'), (-1, '', 'minus'), (5, NULL, 'five');`,
  target: `
    CREATE TABLE countries (code text COLLATE "de-x-icu" PRIMARY KEY, name text);
    CREATE TABLE cities (id uuid PRIMARY KEY, legacy_id text COLLATE "en-x-icu" UNIQUE, country text COLLATE "fr-x-icu" REFERENCES countries, name text);
    INSERT INTO cities VALUES (gen_random_uuid(), '9223372036854775808', NULL, 'of somebody else'), (gen_random_uuid(), '05', NULL, 'also');`,
  map: {
    name: 'collations',
    entities: {
      countries: {
        source: { table: 'public.country', key: ['code'] },
        target: { table: 'public.countries', key: ['code'] },
        columns: { code: 'code', name: 'nm' },
        deletes: 'propagate',
      },
      cities: {
        source: { table: 'public.city', key: ['id'] },
        target: { table: 'public.cities', key: ['id'], identity: ['legacy_id'] },
        columns: { legacy_id: 'id', country: { ref: 'countries', from: ['code'] }, name: 'nm' },
        deletes: 'propagate',
      },
    },
  },
  truth: {
    countries: { legacy: `SELECT code, nm FROM country`, target: `SELECT code, name FROM countries` },
    cities: {
      legacy: `SELECT c.id::text, jsonb_build_array(p.code, c.nm)::text FROM city c LEFT JOIN country p ON p.code = c.code COLLATE nocase`,
      target: `SELECT legacy_id, jsonb_build_array(country, name)::text FROM cities WHERE legacy_id NOT IN ('9223372036854775808', '05')`,
    },
  },
  edits: {
    legacy: `UPDATE country SET nm = 'Allemagne' WHERE code = 'de'; UPDATE city SET code = '_' WHERE id = 9223372036854775807; DELETE FROM city WHERE id = 0; DELETE FROM country WHERE code = 'GB';`,
    target: `UPDATE countries SET name = 'kept' WHERE code = ''; UPDATE cities SET country = '_' WHERE legacy_id = '-1';`,
    counts: {
      countries: { updated: 1, kept: 1, deleted: 1 },
      cities: { updated: 1, kept: 1, deleted: 1 },
    },
    left: { 'countries ': 'value', 'cities -1': 'value' },
  },
};
