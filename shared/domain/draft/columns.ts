/** What fills each column of a target table, drafted from its partner: keys first, then references, then by name and type. */
import { type Column, columnOf, type ForeignKey, type Relation, relationText } from '../catalog.ts';
import type { ColumnSource } from '../entity-map.ts';
import { quoteIdentifier } from '../identifiers.ts';
import { columnLikeness, words } from './names.ts';
import type { Pair } from './pairs.ts';
import { comparable, family, fits } from './types.ts';

export interface DraftColumn {
  readonly source: ColumnSource;
  readonly confidence: number;
  readonly reason: string;
}

/** A parent that has an entity, so that a reference to it can be drafted. */
export interface Parent {
  readonly entity: string;
  readonly source: Relation;
  readonly sourceKey: readonly string[];
  readonly target: Relation;
}

const LEAST_LIKENESS = 0.7;
const LEGACY_KEY = /^(legacy|old|former|source|src|orig(inal)?|import)_?(id|key|no|nr|num|number|code|ref)?$/i;
/** Columns that the target keeps for itself: its defaults and triggers know better. */
const HOUSEKEEPING = /^(created|updated|modified|inserted|changed)(_(at|on|ts|time))?$/i;

export const isHousekeeping = (name: string): boolean => HOUSEKEEPING.test(name);

/** The target column that holds the old key, by its name. */
export const legacyKeyColumn = (target: Relation): Column | undefined =>
  target.columns.find(({ name }) => LEGACY_KEY.test(name));

/** Of every target column for which something was found. */
export function draftColumns(
  pair: Pair,
  sourceKey: readonly string[],
  parents: readonly Parent[],
): ReadonlyMap<string, DraftColumn> {
  const { source, target } = pair;
  const drafted = new Map<string, DraftColumn>();
  const surrogate = target.primaryKey?.columns.length === 1 ? target.primaryKey.columns[0] : undefined;
  const writable = target.columns.filter(
    (column) => !column.generated && column.identity !== 'always' && !isSurrogate(column, surrogate),
  );

  const legacy = legacyKeyColumn(target);
  if (legacy !== undefined)
    drafted.set(legacy.name, {
      source: keyText(sourceKey),
      confidence: 0.95,
      reason: `${legacy.name} holds the old key`,
    });

  const references = new Set<string>();
  for (const foreignKey of target.foreignKeys) {
    const [name, ...others] = foreignKey.columns;
    const column = name === undefined ? undefined : columnOf(target, name);
    if (column === undefined || others.length > 0 || drafted.has(column.name)) continue;
    references.add(column.name);
    const found = draftReference(source, target, column, foreignKey, parents);
    if (found !== null) drafted.set(column.name, found);
  }

  const rest = writable.filter(({ name }) => !drafted.has(name) && !references.has(name));
  for (const [name, draft] of draftByName(source, target, rest)) drafted.set(name, draft);
  return drafted;
}

const isSurrogate = (column: Column, surrogate: string | undefined): boolean =>
  column.name === surrogate && family(column.typeInfo) === 'uuid';

/** One column by its name, several as the JSON array that is their canonical text. */
const keyText = (key: readonly string[]): ColumnSource =>
  key.length === 1 && key[0] !== undefined
    ? key[0]
    : { sql: `jsonb_build_array(${key.map(ofSource).join(', ')})::text` };

const ofSource = (name: string): string => `s.${quoteIdentifier(name)}`;

function draftReference(
  source: Relation,
  target: Relation,
  column: Column,
  foreignKey: ForeignKey,
  parents: readonly Parent[],
): DraftColumn | null {
  const parent = parents.find(
    ({ target: { schema, name } }) => schema === foreignKey.parentSchema && name === foreignKey.parentTable,
  );
  if (parent === undefined || parent.target.primaryKey?.columns.length !== 1) return null;
  const alike = (name: string): number =>
    columnLikeness({ column: name, table: source.name }, { column: column.name, table: target.name });

  const declared = source.foreignKeys
    .filter(
      ({ parentSchema, parentTable }) => parentSchema === parent.source.schema && parentTable === parent.source.name,
    )
    .map((key) => inKeyOrder(key, parent.sourceKey))
    .filter((from) => from !== null)
    .sort((a, b) => Math.max(...b.map(alike)) - Math.max(...a.map(alike)))[0];
  if (declared !== undefined) {
    return {
      source: { ref: parent.entity, from: declared },
      confidence: 0.95,
      reason: `a foreign key of ${relationText(source)} leads there`,
    };
  }

  const [keyName, ...more] = parent.sourceKey;
  const key = keyName === undefined ? undefined : columnOf(parent.source, keyName);
  if (key === undefined || more.length > 0) return null;
  const ownKey = parent.source === source ? key.name : null;
  const [best] = source.columns
    .filter((candidate) => candidate.name !== ownKey && comparable(candidate, key))
    .map((candidate) => ({
      candidate,
      likeness: Math.max(alike(candidate.name), candidate.name === key.name ? 0.85 : 0),
    }))
    .filter(({ likeness }) => likeness >= LEAST_LIKENESS)
    .sort((a, b) => b.likeness - a.likeness);
  if (best === undefined) return null;
  const { candidate, likeness } = best;
  // NOT NULL with a default, where the new column may be NULL: something must have stood for "none".
  if (!column.notNull && candidate.notNull && candidate.hasDefault && family(candidate.typeInfo) === 'integer') {
    return {
      source: { ref: parent.entity, sql: `nullif(${ofSource(candidate.name)}, 0)` },
      confidence: 0.6 * likeness,
      reason: `by the name ${candidate.name}; it is never NULL and has a default, so 0 probably stands for none`,
    };
  }
  return {
    source: { ref: parent.entity, from: [candidate.name] },
    confidence: 0.85 * likeness,
    reason: `by the name ${candidate.name}, without a foreign key`,
  };
}

/** The columns of a foreign key in the order of the parent's key, or null where it leads to other columns. */
function inKeyOrder(foreignKey: ForeignKey, key: readonly string[]): readonly string[] | null {
  const from = key.map((name) => foreignKey.columns[foreignKey.parentColumns.indexOf(name)]);
  return from.every((name) => name !== undefined) && foreignKey.columns.length === key.length ? from : null;
}

/** A column that was found by its name, and which one. */
interface NamedColumn extends DraftColumn {
  readonly from: string;
}

/** Best names first; a source column is used once. */
export function draftByName(
  source: Relation,
  target: Relation,
  columns: readonly Column[],
): readonly (readonly [string, NamedColumn])[] {
  const candidates = columns
    .filter(({ name, hasDefault }) => !(hasDefault && isHousekeeping(name)))
    .flatMap((column) =>
      source.columns.map((candidate) => {
        const likeness = columnLikeness(
          { column: candidate.name, table: source.name },
          { column: column.name, table: target.name },
        );
        const cents = asCents(candidate, column, target);
        return (
          cents ?? {
            column,
            candidate,
            likeness,
            fit: fits(candidate, column),
            source: candidate.name,
            why: '',
          }
        );
      }),
    )
    .filter(({ likeness, fit }) => likeness >= LEAST_LIKENESS && fit > 0)
    .sort((a, b) => b.likeness * b.fit - a.likeness * a.fit);
  const [filled, used] = [new Set<string>(), new Set<string>()];
  return candidates.flatMap(({ column, candidate, likeness, fit, source: draft, why }) => {
    if (filled.has(column.name) || used.has(candidate.name)) return [];
    filled.add(column.name);
    used.add(candidate.name);
    const cast = fit < 0.9 ? `; ${candidate.type} to ${column.type} may need an expression` : '';
    return [
      [
        column.name,
        {
          from: candidate.name,
          source: draft,
          confidence: likeness * fit,
          reason: `by the name ${candidate.name}${why}${cast}`,
        },
      ] as const,
    ];
  });
}

/** price (double precision) to price_cents (integer): money that became exact. */
function asCents(candidate: Column, column: Column, target: Relation) {
  const telling = words(column.name);
  if (
    telling.at(-1) !== 'cent' ||
    telling.length < 2 ||
    family(column.typeInfo) !== 'integer' ||
    family(candidate.typeInfo) !== 'number'
  )
    return null;
  const likeness = columnLikeness(
    { column: candidate.name, table: '' },
    { column: telling.slice(0, -1).join('_'), table: target.name },
  );
  const source: ColumnSource = { sql: `round(${ofSource(candidate.name)}::numeric * 100)` };
  return { column, candidate, likeness, fit: 0.9, source, why: ', as cents' };
}
