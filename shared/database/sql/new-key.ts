/**
 * The key that a new row gets where the target's keys are surrogates: derived from what names the row, so that it is the same
 * whoever makes it and however often (SEMANTICS 9), or with `ids: random` UUIDv7.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';

/** Between the names of map and entity and the key: US, which no name holds. */
const SEPARATOR = '\u001f';

/**
 * sha256 of what names a row: map, entity and canonical key, US between them. The names are given as their bytes, so that it
 * does not matter how a server encodes its texts.
 * @param key SQL of the key's canonical text
 */
export const keyDigest = (entity: CompiledEntity, map: string, key: string): string => {
  const names = Buffer.from(`${map}${SEPARATOR}${entity.name}${SEPARATOR}`).toString('hex');
  return `sha256(decode('${names}', 'hex') || convert_to(${key}, 'UTF8'))`;
};

/** The 16 bytes of a UUIDv8: the first of a digest, version and variant set (RFC 9562). The same on every server, without an extension. */
export const uuidBytes = (digest: string): string =>
  `set_byte(set_byte(substr(${digest}, 1, 16), 6, get_byte(${digest}, 6) & 15 | 128), 8, get_byte(${digest}, 8) & 63 | 128)`;

/** Over `g`: the key of a new row, derived from `g.k`, or UUIDv7, ordered by time. */
export function newUuid(entity: CompiledEntity, map: string): string {
  if (entity.normal.ids === 'random') {
    const time = "lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')";
    return `(SELECT (${time} || '7' || substr(r.x, 14, 3) || substr(r.x, 17))::uuid FROM (SELECT replace(gen_random_uuid()::text, '-', '') AS x WHERE g.k IS NOT NULL) AS r)`;
  }
  return `(SELECT encode(${uuidBytes('b.h')}, 'hex')::uuid FROM (SELECT ${keyDigest(entity, map, 'g.k::text')} AS h OFFSET 0) AS b)`;
}
