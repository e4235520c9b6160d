/**
 * The pieces of a validation as items of a Map. A piece is small, because a snapshot of the source must be short, so a large
 * table has thousands, and hundreds of tables have thousands together; a state holds 256 KiB. Neighbours become one item
 * then, whose pieces are read one after the other, whatever entity and check each of them is of: all of them stand in
 * the ledger, and the state says from which to which.
 */
export interface NumberedPiece<Check extends string = string> {
  readonly piece: number;
  readonly entity: string;
  readonly check: Check;
}
/** Entity and check are those of its first piece. */
export interface PieceItem<Check extends string = string> extends NumberedPiece<Check> {
  readonly last: number;
}

/** Items of which a name is 63 bytes come to an eighth of a megabyte: half of what a state holds. */
export const MOST_ITEMS = 1000;

/**
 * @param pieces in the order of their numbers, which are gapless
 * @returns so many items at most, as long as each other
 */
export function pieceItems<Check extends string>(
  pieces: readonly NumberedPiece<Check>[],
  most = MOST_ITEMS,
): readonly PieceItem<Check>[] {
  const each = Math.max(1, Math.ceil(pieces.length / most));
  return pieces.flatMap((first, i) => {
    const last = pieces[Math.min(i + each, pieces.length) - 1];
    return i % each === 0 && last !== undefined ? [{ ...pick(first), last: last.piece }] : [];
  });
}

/** Nothing else of a piece belongs into a state. */
const pick = <Check extends string>({ piece, entity, check }: NumberedPiece<Check>): NumberedPiece<Check> => ({
  piece,
  entity,
  check,
});
