/** What analysis and repair of references share: which entities are concerned, and how findings become an answer. */
import type { EntityFindings, ReferenceFindings } from '../shared/database/engine/inspect-references.ts';
import type { LoadedMap } from '../shared/database/engine/load-entities.ts';
import type { Relationship } from '../shared/operations/migration-analyzer/analyze-relationships.ts';

/** Entities with a reference of the chosen ones, or to them. */
export const concernedBy = (loaded: LoadedMap, chosen: readonly string[]): readonly string[] =>
  [...loaded.entities.values()]
    .filter(({ name, references }) =>
      references.some((reference) => chosen.includes(name) || chosen.includes(reference.parent)),
    )
    .map(({ name }) => name);

/** Whether the target itself keeps the reference. */
function constraintOf(loaded: LoadedMap, child: string, found: ReferenceFindings): Relationship['constraint'] {
  const parent = loaded.relations.get(found.parent)?.target;
  const keys = (loaded.relations.get(child)?.target.foreignKeys ?? []).filter(
    (key) =>
      key.columns.length === 1 &&
      key.columns[0] === found.column &&
      key.parentSchema === parent?.schema &&
      key.parentTable === parent.name,
  );
  if (keys.length === 0) return 'missing';
  return keys.some((key) => key.validated) ? 'valid' : 'not_valid';
}

/** Of all entities that were looked through: their references of the chosen entities, or to them. */
export const relationshipsOf = (
  loaded: LoadedMap,
  chosen: readonly string[],
  found: Readonly<Record<string, EntityFindings>>,
): readonly (Relationship & Pick<ReferenceFindings, 'mended' | 'refused'>)[] =>
  Object.entries(found).flatMap(([entity, { references }]) =>
    references
      .filter((reference) => chosen.includes(entity) || chosen.includes(reference.parent))
      .map((reference) => ({
        entity,
        column: reference.column,
        parent: reference.parent,
        constraint: constraintOf(loaded, entity, reference),
        rows: reference.rows,
        set: reference.set,
        waiting: reference.waiting,
        orphan: reference.orphan,
        wrongParent: reference.wrong_parent,
        lost: reference.lost,
        mapping: reference.mapping,
        unmappedOrphans: reference.unmappedOrphans,
        repairable: reference.provable,
        examples: reference.examples.map((example) => ({ ...example })),
        mended: reference.mended,
        refused: reference.refused,
      })),
  );
