// A circle whose references a CHECK keeps from being NULL, as a NOT NULL would: loaded together, and not cut.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { clubs } from '../support/clubs.ts';
import { portage, type Portage } from '../support/portage.ts';

const { left, right } = clubs.entities;
const table = (name: string): string =>
  `CREATE TABLE ${name} (id uuid PRIMARY KEY, legacy_id integer UNIQUE, other uuid CHECK (other IS NOT NULL));`;

let p: Portage;
beforeAll(async () => {
  p = await portage(
    `CREATE TABLE l (no integer PRIMARY KEY, other integer); CREATE TABLE r (no integer PRIMARY KEY, other integer);
     INSERT INTO l SELECT n, n % 3 + 1 FROM generate_series(1, 3) n; INSERT INTO r SELECT n, n FROM generate_series(1, 3) n`,
    `${table('lefts')} ${table('rights')}
     ALTER TABLE lefts ADD FOREIGN KEY (other) REFERENCES rights DEFERRABLE; ALTER TABLE rights ADD FOREIGN KEY (other) REFERENCES lefts DEFERRABLE`,
    { name: 'checked', entities: { left: left!, right: right! } },
  );
});
afterAll(() => p.end());

test('is carried', async () => {
  expect((await p.migrate()).output).toMatchObject({
    entities: { left: { inserted: 3, setAside: 0 }, right: { inserted: 3, setAside: 0 } },
  });
});
