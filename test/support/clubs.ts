// Everything that is hard to take back: references that wait, a circle that may not be NULL, a natural key, cascades, a trigger.
import type { EntityMap } from '../../shared/domain/entity-map.ts';

export const clubs: EntityMap = {
  name: 'clubs',
  entities: {
    clubs: {
      source: { table: 'public.club', key: ['no'] },
      target: { table: 'public.clubs', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'no', name: 'name', seat: 'seat', chair: { ref: 'people', from: ['chair'] } },
      deletes: 'propagate',
    },
    people: {
      source: { table: 'public.person', key: ['no'] },
      target: { table: 'public.people', key: ['id'], identity: ['legacy_id'] },
      columns: {
        legacy_id: 'no',
        name: 'name',
        club: { ref: 'clubs', from: ['club'] },
        friend: { ref: 'people', from: ['friend'] },
      },
      deletes: 'propagate',
      ids: 'random',
    },
    // A circle of references that may not be NULL.
    left: {
      source: { table: 'public.l', key: ['no'] },
      target: { table: 'public.lefts', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'no', other: { ref: 'right', from: ['other'] } },
    },
    right: {
      source: { table: 'public.r', key: ['no'] },
      target: { table: 'public.rights', key: ['id'], identity: ['legacy_id'] },
      columns: { legacy_id: 'no', other: { ref: 'left', from: ['other'] } },
    },
    // A natural key, which an update may change.
    rates: {
      source: { table: 'public.rate', key: ['no'] },
      target: { table: 'public.rates', key: ['code', 'day'] },
      columns: { code: 'code', day: 'day', amount: 'amount' },
    },
  },
};
export const CLUBS_SOURCE = `CREATE TABLE club (no integer PRIMARY KEY, name text, seat text, chair integer);
  CREATE TABLE person (no integer PRIMARY KEY, name text, club integer NOT NULL, friend integer);
  CREATE TABLE l (no integer PRIMARY KEY, other integer NOT NULL); CREATE TABLE r (no integer PRIMARY KEY, other integer NOT NULL);
  CREATE TABLE rate (no integer PRIMARY KEY, code text, day date, amount numeric);`;
export const CLUBS_ROWS = `TRUNCATE club, person, l, r, rate;
  INSERT INTO club SELECT n, 'Club ' || n, 's' || n, n * 2 FROM generate_series(1, 5) n; INSERT INTO person SELECT n, 'P' || n, 1 + n % 5, CASE WHEN n < 12 THEN n + 1 ELSE 1 END FROM generate_series(1, 12) n;
  INSERT INTO l SELECT n, n % 3 + 1 FROM generate_series(1, 3) n; INSERT INTO r SELECT n, n FROM generate_series(1, 3) n;
  INSERT INTO rate SELECT n, 'C' || n, date '2024-01-01' + n, 1.50 * n FROM generate_series(1, 6) n`;
export const CLUBS_TARGET = `CREATE TABLE clubs (id uuid PRIMARY KEY, legacy_id integer UNIQUE, name text, seat text UNIQUE, chair uuid, motto text DEFAULT 'none', seen timestamptz DEFAULT now());
  CREATE TABLE people (id uuid PRIMARY KEY, legacy_id integer UNIQUE, name varchar(20), club uuid NOT NULL REFERENCES clubs ON DELETE CASCADE, friend uuid REFERENCES people ON DELETE SET NULL, changed integer NOT NULL DEFAULT 0);
  ALTER TABLE clubs ADD FOREIGN KEY (chair) REFERENCES people ON DELETE SET NULL;
  CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.changed := NEW.changed + 1; RETURN NEW; END';
  CREATE TRIGGER counts BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION count_change();
  CREATE TABLE lefts (id uuid PRIMARY KEY, legacy_id integer UNIQUE, other uuid NOT NULL); CREATE TABLE rights (id uuid PRIMARY KEY, legacy_id integer UNIQUE, other uuid NOT NULL REFERENCES lefts DEFERRABLE);
  ALTER TABLE lefts ADD FOREIGN KEY (other) REFERENCES rights DEFERRABLE;
  CREATE TABLE rates (code text, day date, amount numeric(8,2), note text, PRIMARY KEY (code, day))`;
