/**
 * Both sides projected to the same rows: a pairing key, and a hash that is equal where every compared value is. Buckets are
 * taken by the hash of the key, so that each row has one, whatever its key: nothing lies between them or beyond the last.
 */
import type { CompiledEntity } from '../../../domain/compiled/types.ts';
import type { ComparedForms, HashMode, VerifiedForms } from '../../../domain/compiled/verification-types.ts';
import { quoteIdentifier, quoteLiteral } from '../../../domain/identifiers.ts';
import type { OrderKind } from '../../../domain/order-kind.ts';
import { hashOfRow, type HashedForm } from '../../../domain/row-hash.ts';
import { allOf, inRange, keyLiteral, type KeyRange } from '../range.ts';

/** What a piece of a validation looks at: a key range, or one of 2^n parts by the hash of the key. */
export type PieceSelection = { readonly range: KeyRange } | { readonly part: number; readonly of: number };

/** What of it: all, or a sample of the keys, `share` of 1024. */
export interface Look {
  readonly mode: HashMode;
  readonly piece: PieceSelection;
  readonly share: number | null;
  /** What a row's hash is taken over beside its key. */
  readonly compared: 'everything' | 'references' | 'keys';
  /** Legacy keys of source rows that cannot be evaluated: they are judged one by one. */
  readonly without: readonly string[];
}

const SEED = 42;

/** The first 64 bits of a text's sha256: alike on every server. */
export const digest = (text: string): string =>
  `('x' || encode(substr(sha256(convert_to(${text}, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint`;

/** A hash of the pairing key that both servers agree on. */
export function keyHash(order: OrderKind, key: string, mode: HashMode): string {
  if (mode === 'sha256') return digest(`(${key})::text`);
  return order === 'integer' ? `hashint8extended(${key}, ${SEED})` : `hashtextextended(${key}, ${SEED})`;
}

/** A hash of a row of exact forms, which servers that agree on nothing else agree on by its digest. */
const rowHash: Summary = (forms, mode, serverVersion) =>
  mode === 'sha256'
    ? digest(`row(${forms.map(({ sql }) => sql).join(', ')})::text`)
    : hashOfRow(forms, mode, serverVersion);

/** Bits of the key's hash: the lowest for buckets, others for parts and samples. */
const PART_SHIFT = 40;
const SAMPLE_SHIFT = 20;
const SAMPLES = 1024;

const ofPiece = (look: Look, order: OrderKind, key: string): readonly string[] => [
  ...('range' in look.piece
    ? inRange(order, key, look.piece.range)
    : look.piece.of === 1
      ? []
      : [`(${keyHash(order, key, look.mode)} >> ${PART_SHIFT}) & ${look.piece.of - 1} = ${look.piece.part}`]),
  ...(look.share === null
    ? []
    : [`(${keyHash(order, key, look.mode)} >> ${SAMPLE_SHIFT}) & ${SAMPLES - 1} < ${look.share}`]),
];

const PARTS_OF = {
  everything: ['key', 'references', 'values'],
  references: ['key', 'references'],
  keys: ['key'],
} as const satisfies Record<Look['compared'], readonly (keyof ComparedForms)[]>;

/** What a look compares of a row. */
export const formsFor = ({ verify }: CompiledEntity, { mode, compared }: Look): readonly VerifiedForms[] =>
  PARTS_OF[compared].map((part) => verify.forms[mode === 'record' ? 'record' : 'text'][part]);

/** What becomes of the forms of a row: its hash, unless they are wanted otherwise. */
type Summary = (forms: readonly HashedForm[], mode: HashMode, serverVersion: number) => string;

/** The source's rows as `q`, with `k` and the values as the target's columns would hold them. */
function sourceRows(entity: CompiledEntity, look: Look, chosen: string | null): string {
  const { verify, source } = entity;
  const columns = [...verify.sourceColumns].map(([name, sql]) => `${sql} AS ${name}`);
  const key = entity.order === 'integer' ? `(${source.key})::bigint` : source.key;
  const range =
    'range' in look.piece && verify.via !== 'identity' ? inRange(entity.order, source.key, look.piece.range) : [];
  const without =
    look.without.length === 0
      ? []
      : [`${source.key} NOT IN (${look.without.map((each) => keyLiteral(entity.order, each)).join(', ')})`];
  return `(SELECT ${[`${key} AS k`, ...columns].join(', ')} FROM ${source.from} WHERE ${allOf([...source.where, ...range, ...without, ...(chosen === null ? [] : [chosen])])}) AS q`;
}

/** `p.vk`, `p.h` and `p.k` (the legacy key) of the source's rows. */
export function sourceProjection(
  entity: CompiledEntity,
  look: Look,
  chosen: string | null = null,
  summary: Summary = rowHash,
): string {
  const { verify } = entity;
  const hash = summary(
    formsFor(entity, look).flatMap((forms) => forms.source),
    look.mode,
    entity.source.version,
  );
  const rows = `(SELECT ${verify.sourceKey} AS vk, q.k AS k, ${hash} AS h FROM ${sourceRows(entity, look, chosen)}) AS p`;
  const rest = 'range' in look.piece && verify.via !== 'identity' ? { ...look, piece: { part: 0, of: 1 } } : look;
  return `${rows} WHERE ${allOf(ofPiece(rest, verify.keyOrder, 'p.vk'))}`;
}

/** Pairing keys that a column of the target says as it is, so that its index serves; otherwise any of the keys. */
export function targetKeysIn(entity: CompiledEntity, keys: readonly string[]): string {
  const { verify } = entity;
  const literals = keys.map((key) => (verify.keyOrder === 'integer' ? keyLiteral('integer', key) : quoteLiteral(key)));
  const type = verify.keyOrder === 'integer' ? 'bigint' : 'text';
  if (verify.keyColumn !== null && keys.length > 0) {
    const own = `t.${quoteIdentifier(verify.keyColumn)}`;
    return `${own} IN (${literals.join(', ')})`;
  }
  return `${verify.targetKey} = ANY (ARRAY[${literals.join(', ')}]::${type}[])`;
}

/** Keys that are judged one by one, where the pairing key is the legacy key. */
const withoutKeys = ({ verify }: CompiledEntity, { without }: Look): readonly string[] =>
  without.length === 0 || verify.via === 'identity'
    ? []
    : [`p.vk NOT IN (${without.map((each) => keyLiteral(verify.keyOrder, each)).join(', ')})`];

/** `p.vk`, `p.h`, `p.broken` and `p.key` (the target key) of the target's rows. */
export function targetProjection(
  entity: CompiledEntity,
  look: Look,
  chosen: string | null = null,
  summary: Summary = rowHash,
): string {
  const { verify } = entity;
  const hash = summary(
    formsFor(entity, look).flatMap((forms) => forms.target),
    look.mode,
    entity.target.version,
  );
  const rows = `(SELECT ${verify.targetKey} AS vk, ${hash} AS h, ${verify.broken === null || look.compared === 'keys' ? 'false' : `coalesce(${verify.broken}, false)`} AS broken, ${entity.target.keyOfRow} AS key FROM ${verify.from} WHERE ${allOf([...verify.where, ...(chosen === null ? [] : [chosen])])}) AS p`;
  // A row whose identity leads to no parent stands for no source row (SEMANTICS 10).
  return `${rows} WHERE ${allOf(['p.vk IS NOT NULL', ...ofPiece(look, verify.keyOrder, 'p.vk'), ...withoutKeys(entity, look)])}`;
}
