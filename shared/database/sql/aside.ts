/** The list of rows set aside: groups that no key tells apart, what was ignored, what is gone, and rows that are parked by key. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';

/** What stands for the rows that have NULL in their key. */
export const NULL_KEY = '(null)';
export const ambiguousReason = (rows: number): string => `the key stands for ${rows} rows`;

/** A row that is set aside again is the same case: whoever decided to ignore it is asked again only when the row changes. */
export const SET_ASIDE = `ON CONFLICT (entity_id, legacy_key) DO UPDATE SET code = excluded.code, column_name = excluded.column_name, reason = excluded.reason,
  rows = excluded.rows, operation_no = excluded.operation_no, last_seen = now(), state = CASE WHEN set_aside_rows.state = 'ignored' THEN 'ignored' ELSE 'open' END`;

/** Rows that share a key, or have none: $1 what stands for them, $2 reason, $3 how many they are. */
export const setAsideGroup = (entity: CompiledEntity, operationNo: number): string =>
  `INSERT INTO portage.set_aside_rows (entity_id, legacy_key, code, reason, rows, operation_no) VALUES (${entity.entityId}, $1, 'M012', $2, $3, ${operationNo}) ${SET_ASIDE}`;

const PARKED =
  'ON CONFLICT (entity_id, legacy_key) DO UPDATE SET reason = excluded.reason, operation_no = excluded.operation_no';

/** $1: keys that are to have a look. */
export const parkKeys = (entity: CompiledEntity, operationNo: number): string =>
  `INSERT INTO portage.parked_rows (entity_id, legacy_key, reason, operation_no) SELECT ${entity.entityId}, k, 'named', ${operationNo} FROM unnest($1::text[]) AS k ${PARKED}`;

/** All that is set aside and not ignored is to have a look. */
export const parkAside = (entity: CompiledEntity, operationNo: number): string =>
  `INSERT INTO portage.parked_rows (entity_id, legacy_key, reason, operation_no)
   SELECT entity_id, legacy_key, 'was set aside', ${operationNo} FROM portage.set_aside_rows WHERE entity_id = ${entity.entityId} AND state = 'open' AND legacy_key <> ${quoteLiteral(NULL_KEY)} ${PARKED}`;

/** The next $1 keys that this operation has not set aside again. Those without a key are looked at where the entity is prepared. */
export const openAside = (entity: CompiledEntity, operationNo: number): string =>
  `SELECT legacy_key FROM portage.set_aside_rows WHERE entity_id = ${entity.entityId} AND state = 'open' AND operation_no <> ${operationNo} ORDER BY legacy_key LIMIT $1`;

const gone = (entity: CompiledEntity, operationNo: number): string =>
  `UPDATE portage.set_aside_rows SET state = 'gone', last_seen = now() WHERE entity_id = ${entity.entityId} AND state IN ('open', 'ignored') AND operation_no <> ${operationNo}`;

/** $1: keys that have had their look; what was not set aside again has left the list. */
export const closeListed = (entity: CompiledEntity, operationNo: number): string =>
  `${gone(entity, operationNo)} AND legacy_key = ANY ($1::text[])`;

/** The same after a run that looked at every row. */
export const closeAside = gone;

/** The next $2 ignored keys after $1, with what their rows were when somebody decided so. */
export const ignoredRows = (entity: CompiledEntity): string =>
  `SELECT legacy_key, ignored_row FROM portage.set_aside_rows WHERE entity_id = ${entity.entityId} AND state = 'ignored' AND legacy_key > $1 ORDER BY legacy_key LIMIT $2`;

/** $1: keys whose rows have changed since. */
export const bringBack = (entity: CompiledEntity): string =>
  `UPDATE portage.set_aside_rows SET state = 'open', ignored_reason = NULL, ignored_by = NULL, ignored_row = NULL WHERE entity_id = ${entity.entityId} AND state = 'ignored' AND legacy_key = ANY ($1::text[])`;

/** $1 key, $2 reason, $3 hash of its rows as they are. Gives a row where the list has one that is not settled. */
export const ignoreRow = (entity: CompiledEntity): string =>
  `UPDATE portage.set_aside_rows SET state = 'ignored', ignored_reason = $2, ignored_row = $3, ignored_by = session_user
   WHERE entity_id = ${entity.entityId} AND legacy_key = $1 AND state IN ('open', 'ignored')`;
