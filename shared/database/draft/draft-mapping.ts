/** Reads both catalogs whole and drafts a mapping from them, with everything that a person must look at as notes. */
import { draftMap, type Draft } from '../../domain/draft-map.ts';
import type { EntityMap } from '../../domain/entity-map.ts';
import { readRelations } from '../catalog/read-relations.ts';
import type { Session } from '../session.ts';

export interface DraftedMapping {
  readonly map: EntityMap;
  readonly notes: readonly string[];
}

export async function draftMapping(sides: {
  readonly source: Session;
  readonly target: Session;
}): Promise<DraftedMapping> {
  const [sources, targets] = await Promise.all([
    readRelations(sides.source, 'all'),
    readRelations(sides.target, 'all'),
  ]);
  const { name } = await sides.source.one<{ name: string }>('SELECT current_database() AS name');
  const draft = draftMap(sources, targets, name);
  return { map: draft.map, notes: notesOf(draft) };
}

const percent = (confidence: number): string => `${Math.round(confidence * 100)} %`;

/** What is missing first, then what was found, the least certain first. */
function notesOf({ map, notes, unmapped }: Draft): string[] {
  const required = unmapped.columns.filter((column) => column.required);
  const optional = unmapped.columns.filter((column) => !column.required);
  // What is missing is often in a column that nothing reads yet.
  const unreadOf = (path: string): string => {
    const own = unmapped.sourceColumns.filter(({ entity }) => path.startsWith(`entities.${entity}.`));
    return own.length === 0 ? '' : `; nothing reads yet: ${own.map(({ column }) => column).join(', ')}`;
  };
  return [
    `name: ${JSON.stringify(map.name)} becomes part of every derived UUID: choose it before the first migration`,
    ...required.map(({ path }) => `${path}: must be filled, and nothing was found for it${unreadOf(path)}`),
    ...unmapped.targets.map(({ table, reason }) => `target ${table}: no entity writes it, ${reason}`),
    ...unmapped.sources.map((table) => `source ${table}: no entity reads it`),
    ...[...notes]
      .sort((a, b) => a.confidence - b.confidence)
      .map(({ path, confidence, reason }) => `${path}: ${percent(confidence)}, ${reason}`),
    ...optional.map(({ path }) => `${path}: left alone`),
    ...unmapped.sourceColumns.map(
      ({ entity, column }) => `entities.${entity}: nothing reads the source column ${column}`,
    ),
  ];
}
