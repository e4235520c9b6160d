/**
 * How two servers can hash a row so that both get the same number (SEMANTICS 5). Built-in hashes are promised by nobody
 * across versions, architectures and encodings, so both are asked to hash the same values, and only what they answer alike
 * is used.
 */
import type { HashMode } from '../../domain/compiled/verification-types.ts';
import type { Session } from '../session.ts';

/** Two letters that are other bytes in another encoding. */
const LETTERS = "convert_from('\\xc3a9c3bc'::bytea, 'UTF8') COLLATE \"C\"";
const VALUES = [
  "'-9007199254740993'::int8",
  LETTERS,
  'true',
  "'9c015109-e06d-416a-8b2a-a42aad868a5e'::uuid",
  "'2023-12-01'::date",
  "'2023-12-01 09:15:00.123456'::timestamp",
  "'2023-12-01 09:15:00.123456+02'::timestamptz",
  "'infinity'::timestamptz",
  "'\\x00ff'::bytea",
  'NULL::text',
  'float8send(1.1::float8 / 3)',
  '\'1 mon 2 days 03:04:05\'::interval::text COLLATE "C"',
  '\'{"b": 1.0, "a": null}\'::jsonb::text COLLATE "C"',
  '\'{1,"a b",NULL}\'::text[]::text COLLATE "C"',
  '\'[2023-12-01,2023-12-31)\'::daterange::text COLLATE "C"',
];
const KEYS = `hashint8extended(7, 42)::text || ' ' || hashtextextended(${LETTERS}, 42)::text`;
const ROW = `row(${VALUES.join(', ')}, '1.10'::numeric, scale('1.10'::numeric))`;

const ask = async (session: Session, hash: string): Promise<string> =>
  (await session.one<{ answer: string }>(`SELECT ${KEYS} || ' ' || ${hash}::text AS answer`)).answer;

const RECORD = `hash_record_extended(${ROW}, 0)`;
const TEXT = `hashtextextended(${ROW}::text COLLATE "C", 0)`;

/** The fastest way on which both servers agree. */
export async function hashModeOf(source: Session, target: Session): Promise<HashMode> {
  const agree = async (hash: string): Promise<boolean> => {
    const [ofSource, ofTarget] = await Promise.all([ask(source, hash), ask(target, hash)]);
    return ofSource === ofTarget;
  };
  const typed = Math.min(source.serverVersion, target.serverVersion) >= 140000;
  if (typed && (await agree(RECORD))) return 'record';
  return (await agree(TEXT)) ? 'text' : 'sha256';
}
