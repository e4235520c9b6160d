/**
 * The base of one column: four bytes. Enough to tell which column of a row that differs has changed; whether the row
 * differs at all is decided by its 64-bit hash or by comparing values. A sensitive column's base is keyed (SEMANTICS 34).
 */

/** Settings of the session that carry the key's two HMAC pads as hex (shared/database/ledger/hash-key.ts). */
export const INNER_PAD = "decode(current_setting('portage.hmac_inner'), 'hex')";
export const OUTER_PAD = "decode(current_setting('portage.hmac_outer'), 'hex')";

/** HMAC-SHA256 (RFC 2104) of a text, as bytea, in SQL: no extension is needed. */
export const hmac = (text: string): string => `sha256(${OUTER_PAD} || sha256(${INNER_PAD} || convert_to(${text}, 'UTF8')))`;

/** bytea of four bytes over a text expression; NULL has a value of its own. */
export const columnHash = (text: string, sensitive: boolean): string =>
  sensitive ? `coalesce(substr(${hmac(text)}, 1, 4), '\\x00000000')` : `int4send(coalesce(hashtext(${text}), 0))`;
