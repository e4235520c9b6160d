/** Findings of an entity's mappings as an answer has them. */
import type { MappingFindings } from '../shared/database/engine/inspect-mappings.ts';
import type { MappingState } from '../shared/operations/migration-analyzer/validate-uuid-mappings.ts';

export const mappingStateOf = (entity: string, found: MappingFindings): MappingState => ({
  entity,
  rows: found.rows,
  mapped: found.mapped,
  missing: found.missing,
  dangling: found.dangling,
  duplicate: Math.max(found.duplicate, found.sharedRows),
  conflicting: found.conflicting,
  notDerived: found.not_derived,
  sourceGone: found.sourceGone,
  unreadable: found.unreadable,
  examples: found.examples.map((example) => ({ ...example })),
});
