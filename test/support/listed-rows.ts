// The surgery with a key of several columns, and with a text key that nothing makes unique and an expression that may fail.
import type { EntityMap } from '../../shared/domain/entity-map.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from './surgery.ts';

export const listedMap = {
  ...surgery,
  entities: {
    ...surgery.entities,
    rates: {
      source: { table: 'public.rate', key: ['code', 'day'] },
      target: { table: 'public.rates', key: ['code', 'day'] },
      columns: { code: 'code', day: 'day', amount: 'amount' },
    },
    words: {
      source: { table: 'public.word', key: ['word'] },
      target: { table: 'public.words', key: ['id'], identity: ['word'] },
      columns: { word: 'word', length: { sql: '100 / s.divisor' } },
    },
  },
} satisfies EntityMap;

export const LISTED_SOURCE = `${SURGERY_SOURCE}
  CREATE TABLE rate (code text, day date, amount numeric, PRIMARY KEY (code, day));
  INSERT INTO rate VALUES ('EUR', '2009-01-01', 1), ('USD', '2009-01-01', 2);
  CREATE TABLE word (word text, divisor integer);
  INSERT INTO word SELECT 'w' || n, 1 FROM generate_series(1, 30) n;
  CREATE SCHEMA kept; CREATE TABLE kept.doctor AS TABLE doctor; CREATE TABLE kept.word AS TABLE word`;
export const LISTED_TARGET = `${SURGERY_TARGET}
  CREATE TABLE rates (code text, day date, amount numeric(8,2), written_at timestamptz DEFAULT clock_timestamp(), PRIMARY KEY (code, day));
  CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.written_at := clock_timestamp(); RETURN NEW; END $$;
  CREATE TRIGGER stamp BEFORE UPDATE ON rates FOR EACH ROW EXECUTE FUNCTION stamp();
  CREATE TABLE words (id uuid PRIMARY KEY, word text UNIQUE, length integer)`;

/** Puts back what a test may have changed in the source. */
export const LISTED_AS_BEFORE =
  'TRUNCATE doctor, word; INSERT INTO doctor TABLE kept.doctor; INSERT INTO word TABLE kept.word';
