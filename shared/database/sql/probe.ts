/**
 * What a server answers when it is asked to hash known values (SEMANTICS 5). Bases are its own answers of another day: after
 * an upgrade, or on another architecture, the same row may hash or print otherwise, and every row would seem changed.
 */
import type { TypeInfo } from '../../domain/catalog.ts';
import { columnHash, packed } from '../../domain/compiled/column-hash.ts';
import { rowHash, type HashedForm } from '../../domain/row-hash.ts';

const type = (name: string): TypeInfo => ({
  schema: 'pg_catalog',
  name,
  kind: 'base',
  builtin: true,
  element: null,
  base: null,
  labels: [],
});

/** A value of every type that is hashed as it is, and texts of those whose form has changed between versions before. */
const VALUES: readonly HashedForm[] = [
  { sql: "'-9007199254740993'::int8", as: 'int8' },
  { sql: '7::int4', as: 'int4' },
  { sql: '\'Portage\'::text COLLATE "C"', as: 'text' },
  { sql: 'true', as: 'bool' },
  { sql: "'9c015109-e06d-416a-8b2a-a42aad868a5e'::uuid", as: 'uuid' },
  { sql: "'2023-12-01'::date", as: 'date' },
  { sql: "'2023-12-01 09:15:00.123456'::timestamp", as: 'timestamp' },
  { sql: "'2023-12-01 09:15:00.123456+02'::timestamptz", as: 'timestamptz' },
  { sql: "'\\x00ff'::bytea", as: 'bytea' },
  { sql: 'NULL::text', as: 'text' },
  { sql: '(1.1::float8 / 3)::text COLLATE "C"', as: 'text' },
  { sql: '(0.1::float4)::text COLLATE "C"', as: 'text' },
  { sql: '\'1.10\'::numeric::text COLLATE "C"', as: 'text' },
  { sql: '\'1 mon 2 days 03:04:05\'::interval::text COLLATE "C"', as: 'text' },
  { sql: '\'{"b": 1.0, "a": null}\'::jsonb::text COLLATE "C"', as: 'text' },
];

const rowProbe = (serverVersion: number): string =>
  `${rowHash(VALUES, serverVersion)}::text || ' ' || current_setting('server_encoding')`;

export const sourceProbe = (serverVersion: number): string => `SELECT ${rowProbe(serverVersion)} AS probe`;

/** The target hashes columns as well. */
export function targetProbe(serverVersion: number): string {
  const columns = packed([
    columnHash(type('int8'), "'-9007199254740993'::int8", false),
    columnHash(type('uuid'), "'9c015109-e06d-416a-8b2a-a42aad868a5e'::uuid", false),
    columnHash(type('timestamp'), "'2023-12-01 09:15:00.123456'::timestamp", false),
    columnHash(type('text'), "'Portage'::text", false),
  ]);
  return `SELECT ${rowProbe(serverVersion)} || ' ' || encode(${columns}, 'hex') AS probe`;
}
