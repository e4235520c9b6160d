/** Rows part by part: one text for each value that is compared, alike on every server, so that what moves in a row can be told from what stands. */
import type { CompiledEntity } from '../../../domain/compiled/types.ts';
import type { HashedForm } from '../../../domain/row-hash.ts';
import { digest, formsFor, sourceProjection, targetKeysIn, targetProjection, type Look } from './project.ts';
import { chosenKeys } from './sums.ts';

const asText = (look: Look): Look => ({ ...look, mode: 'sha256' });

/** A digest of each form with blanks between; `-` is NULL. */
const partsOf = (forms: readonly HashedForm[]): string =>
  `array_to_string(ARRAY[${forms.map(({ sql }) => `coalesce((${digest(`(${sql})::text`)})::text, '-')`).join(', ')}], ' ')`;

/** Columns of the parts in their order; null: of the row as a whole, such as its key. */
export const partColumns = (entity: CompiledEntity, look: Look): readonly (string | null)[] =>
  formsFor(entity, asText(look)).flatMap((forms) => forms.columns);

/** `vk`, `k` and `parts` of the source rows with these legacy keys. */
export const sourcePartsOf = (entity: CompiledEntity, look: Look, keys: readonly string[]): string =>
  `SELECT p.vk::text AS vk, p.k::text AS k, p.h AS parts FROM ${sourceProjection(entity, asText(look), chosenKeys(entity, keys), partsOf)}`;

/** `vk`, `broken` and `parts` of the target rows with these pairing keys. */
export const targetPartsOf = (entity: CompiledEntity, look: Look, keys: readonly string[]): string =>
  `SELECT p.vk::text AS vk, p.broken::text AS broken, p.h AS parts FROM ${targetProjection(entity, asText(look), targetKeysIn(entity, keys), partsOf)}`;
