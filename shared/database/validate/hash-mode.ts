/**
 * How two servers can hash a row so that both get the same number (SEMANTICS 5). Built-in hashes are promised by nobody
 * across versions, architectures and encodings, so both are asked to hash the same values, and only what they answer alike
 * is used.
 */
import type { HashMode } from '../../domain/compiled/verification-types.ts';
import { hashOfRow, type HashedForm, type RowHashMode } from '../../domain/row-hash.ts';
import type { Session } from '../session.ts';

/** Two letters that are other bytes in another encoding. */
const LETTERS = "convert_from('\\xc3a9c3bc'::bytea, 'UTF8') COLLATE \"C\"";
const VALUES: readonly HashedForm[] = [
  { sql: "'-9007199254740993'::int8", as: 'int8' },
  { sql: '-7::int4', as: 'int4' },
  { sql: LETTERS, as: 'text' },
  { sql: 'true', as: 'bool' },
  { sql: "'9c015109-e06d-416a-8b2a-a42aad868a5e'::uuid", as: 'uuid' },
  { sql: "'2023-12-01'::date", as: 'date' },
  { sql: "'-infinity'::date", as: 'date' },
  { sql: "'2023-12-01 09:15:00.123456'::timestamp", as: 'timestamp' },
  { sql: "'2023-12-01 09:15:00.123456+02'::timestamptz", as: 'timestamptz' },
  { sql: "'infinity'::timestamptz", as: 'timestamptz' },
  { sql: "'\\x00ff'::bytea", as: 'bytea' },
  { sql: 'NULL::text', as: 'text' },
  { sql: 'float8send(1.1::float8 / 3)', as: 'bytea' },
  { sql: '\'1 mon 2 days 03:04:05\'::interval::text COLLATE "C"', as: 'text' },
  { sql: '\'{"b": 1.0, "a": null}\'::jsonb::text COLLATE "C"', as: 'text' },
  { sql: '\'{1,"a b",NULL}\'::text[]::text COLLATE "C"', as: 'text' },
  { sql: '\'[2023-12-01,2023-12-31)\'::daterange::text COLLATE "C"', as: 'text' },
  { sql: "'1.10'::numeric", as: 'numeric' },
  { sql: "scale('1.10'::numeric)", as: 'int4' },
];
const KEYS = `hashint8extended(7, 42)::text || ' ' || hashtextextended(${LETTERS}, 42)::text`;

const ask = async (session: Session, mode: RowHashMode): Promise<string> =>
  (
    await session.one<{ answer: string }>(
      `SELECT ${KEYS} || ' ' || ${hashOfRow(VALUES, mode, session.serverVersion)}::text AS answer`,
    )
  ).answer;

/** The fastest way on which both servers agree. */
export async function hashModeOf(source: Session, target: Session): Promise<HashMode> {
  const agree = async (mode: RowHashMode): Promise<boolean> => {
    const [ofSource, ofTarget] = await Promise.all([ask(source, mode), ask(target, mode)]);
    return ofSource === ofTarget;
  };
  const typed = Math.min(source.serverVersion, target.serverVersion) >= 140000;
  if (typed && (await agree('record'))) return 'record';
  return (await agree('text')) ? 'text' : 'sha256';
}
