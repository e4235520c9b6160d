/**
 * The pieces of a validation as items of a Map. A piece is small, because a snapshot of the source must be short, so a large
 * table has thousands; a state holds 256 KiB. Neighbours of one entity and one check become one item then, whose pieces are
 * read one after the other: all of them stand in the ledger, and the state says from which to which.
 */
export interface NumberedPiece<Check extends string = string> {
  readonly piece: number;
  readonly entity: string;
  readonly check: Check;
}
export interface PieceItem<Check extends string = string> extends NumberedPiece<Check> {
  readonly last: number;
}

/** Items of which a name is 63 bytes come to an eighth of a megabyte: half of what a state holds. */
export const MOST_ITEMS = 1000;

/**
 * @param pieces in the order of their numbers, which are gapless
 * @returns about so many items at most: one more for each entity and check
 */
export function pieceItems<Check extends string>(
  pieces: readonly NumberedPiece<Check>[],
  most = MOST_ITEMS,
): readonly PieceItem<Check>[] {
  const each = Math.max(1, Math.ceil(pieces.length / most));
  const items: PieceItem<Check>[] = [];
  for (const { piece, entity, check } of pieces) {
    const open = items.at(-1);
    const joins = open?.entity === entity && open.check === check && piece - open.piece < each;
    if (joins) items[items.length - 1] = { ...open, last: piece };
    else items.push({ piece, last: piece, entity, check });
  }
  return items;
}
