/** What each type of a validation asks for, and which checks read it. One place, for the plan and for the gate. */
import type { ValidateRequest } from '../shared/contracts/validation.ts';
import type { CheckName, PlannedPiece } from '../shared/database/ledger/validation-pieces.ts';
import type { Scope } from '../shared/database/sql/validate/compare.ts';
import type { CompiledEntity } from '../shared/domain/compiled/types.ts';

/** Shown to whoever starts an execution with an input that is not valid. */
export const VALIDATE_EXAMPLE = '{"command": "data-validator validate", "entities": "all"}';

/**
 * Checks of a type. One pass over the rows reads keys, values and references, so that `all` needs no pass of its own for
 * completeness, and of relationships only the mappings.
 */
const CHECKS_OF: Readonly<Record<ValidateRequest['type'], readonly CheckName[]>> = {
  data_integrity: ['integrity'],
  relationship_integrity: ['relationships'],
  completeness: ['completeness'],
  performance: ['performance'],
  all: ['integrity', 'relationships', 'performance'],
};

/** The checks of a request; a comprehensive one looks at the mappings too, whatever its type. */
export function checksOf({
  type,
  comprehensive,
}: Pick<ValidateRequest, 'type' | 'comprehensive'>): readonly CheckName[] {
  const checks = CHECKS_OF[type];
  return comprehensive && !checks.includes('relationships') ? [...checks, 'relationships'] : checks;
}

/** What a check compares; relationships read references only where no other check does. */
export const SCOPE_OF: Readonly<Record<'integrity' | 'relationships' | 'completeness', Scope>> = {
  integrity: { keys: true, values: true, references: true },
  relationships: { keys: false, values: false, references: true },
  completeness: { keys: true, values: false, references: false },
};

/** Checks whose pieces must leave no key out. */
export const readsRows = (type: ValidateRequest['type'], check: CheckName): boolean =>
  check === 'integrity' || check === 'completeness' || (check === 'relationships' && type === 'relationship_integrity');

/**
 * Whether the piece of an entity that reads its rows also hears what they say of the mapping, so that no other piece has to
 * read them again: it must be the only one, the rows' own identity must say the legacy key, and nothing else be asked of the
 * references.
 */
export const hearsWitness = (
  request: Pick<ValidateRequest, 'type' | 'comprehensive'>,
  { check, selection, share }: Pick<PlannedPiece, 'check' | 'selection' | 'share'>,
  entity: CompiledEntity,
): boolean =>
  checksOf(request).includes('relationships') &&
  !request.comprehensive &&
  check === 'integrity' &&
  'part' in selection &&
  selection.of === 1 &&
  share === null &&
  entity.leaf !== null &&
  entity.verify.via === 'legacy';
