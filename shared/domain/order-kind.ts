/** How legacy keys of an entity are ordered and compared, alike on both sides: integers as numbers, all else as canonical text. */
export type OrderKind = 'integer' | 'text';
