/**
 * Drafts a mapping from both catalogs, for `init`: which table became which, what fills each column, what leads where.
 * It guesses as a person would who reads the two schemas side by side, and says of everything how sure it is and why.
 *
 * 1. Pair the relations by name and columns (draft/pairs.ts), and what is left by columns and references (draft/renamed.ts).
 * 2. Give each pair a key: the source's primary key, else a unique key without NULLs, else a column that looks like one.
 * 3. Fill the columns: the old key, references to paired parents, the rest by name and type (draft/columns.ts).
 * 4. Leave out what could not be written: a key of several columns that nothing fills.
 */
import { columnOf, type Relation, relationText, type UniqueKey } from './catalog.ts';
import { type DraftColumn, draftColumns, legacyKeyColumn, type Parent } from './draft/columns.ts';
import { words } from './draft/names.ts';
import { type Pair, pairRelations } from './draft/pairs.ts';
import { type Guess, pairRenamed } from './draft/renamed.ts';
import { family } from './draft/types.ts';
import type { Entity, EntityMap } from './entity-map.ts';
import { pathOf } from './map-faults.ts';

interface DraftNote {
  /** A path of the drafted map. */
  readonly path: string;
  /** 0 (a guess) to 1 (certain). */
  readonly confidence: number;
  readonly reason: string;
}

export interface Draft {
  readonly map: EntityMap;
  readonly notes: readonly DraftNote[];
  readonly unmapped: {
    /** Source relations that no entity reads. */
    readonly sources: readonly string[];
    /** Target tables that no entity writes, and why. */
    readonly targets: readonly { readonly table: string; readonly reason: string }[];
    /** Target columns of drafted entities that nothing fills; required ones must be filled before the map can be used. */
    readonly columns: readonly { readonly path: string; readonly required: boolean }[];
    /** Source columns of drafted entities that nothing reads. */
    readonly sourceColumns: readonly { readonly entity: string; readonly column: string }[];
  };
}

interface Keyed extends Pair {
  /** Of a pair whose names differ. */
  readonly reason?: string;
  readonly entity: string;
  readonly sourceKey: readonly string[];
  readonly keyConfidence: number;
  readonly keyReason: string;
}

/** The draft of a map called `name`. Views and foreign tables are only ever read. */
export function draftMap(sources: readonly Relation[], targets: readonly Relation[], name = 'draft'): Draft {
  const writable = targets.filter(({ kind }) => kind === 'table' || kind === 'partitioned');
  const named = pairRelations(sources, writable);
  const renamed = pairRenamed(sources, writable, named);
  const pairs: readonly (Pair | Guess)[] = [...named, ...renamed.pairs];
  const keyed = pairs.flatMap((pair): Keyed[] => {
    const key = sourceKey(pair.source);
    return key === null || pair.target.primaryKey === null
      ? []
      : [{ ...pair, ...key, entity: entityName(pair.target, writable) }];
  });
  const kept = draftEntities(keyed);
  return {
    map: { name, entities: Object.fromEntries(kept.map(({ pair, entity }) => [pair.entity, entity])) },
    notes: kept.flatMap(({ notes }) => notes),
    unmapped: {
      sources: sources.filter((source) => !kept.some(({ pair }) => pair.source === source)).map(relationText),
      targets: writable
        .filter((target) => !kept.some(({ pair }) => pair.target === target))
        .map((target) => ({
          table: relationText(target),
          reason: renamed.hints.get(target) ?? reasonFor(target, pairs, keyed),
        })),
      columns: kept.flatMap(({ pair, entity }) => unfilled(pair, entity)),
      sourceColumns: kept.flatMap(({ pair, entity }) => unread(pair, entity)),
    },
  };
}

interface DraftEntity {
  readonly pair: Keyed;
  readonly entity: Entity;
  readonly notes: readonly DraftNote[];
  readonly complete: boolean;
}

/** An entity that cannot be written is no parent: the others are drafted again without it. */
function draftEntities(pairs: readonly Keyed[]): readonly DraftEntity[] {
  const drafted = pairs.map((pair) => draftEntity(pair, pairs));
  const complete = drafted.filter((one) => one.complete);
  return complete.length === drafted.length ? complete : draftEntities(complete.map(({ pair }) => pair));
}

function draftEntity(pair: Keyed, parents: readonly Parent[]): DraftEntity {
  const { source, target, sourceKey: key } = pair;
  const columns = draftColumns(pair, key, parents);
  const targetKey = target.primaryKey?.columns ?? [];
  const identity = identityOf(target, columns);
  const [from, to] = [updatedAt(source), updatedAt(target)];
  const entity: Entity = {
    source: { table: relationText(source), key, ...(from === undefined ? {} : { updatedAt: from }) },
    target: {
      table: relationText(target),
      key: targetKey,
      ...(identity.columns.length === 0 ? {} : { identity: identity.columns }),
      ...(to === undefined ? {} : { updatedAt: to }),
    },
    columns: Object.fromEntries([...columns].map(([name, { source: from }]) => [name, from])),
  };
  const path = (...steps: string[]): string => pathOf('entities', pair.entity, ...steps);
  const notes = [
    note(path(), pair.confidence, `${relationText(source)} ${why(pair)}`),
    note(path('source', 'key'), pair.keyConfidence, pair.keyReason),
    ...(identity.reason === '' ? [] : [note(path('target', 'identity'), identity.confidence, identity.reason)]),
    ...(from === undefined ? [] : [note(path('source', 'updatedAt'), 0.7, 'by its name and type')]),
    ...(to === undefined ? [] : [note(path('target', 'updatedAt'), 0.7, 'by its name and type')]),
    ...[...columns].map(([column, { confidence, reason }]) => note(path('columns', column), confidence, reason)),
  ];
  const surrogate =
    targetKey.length === 1 && family(columnOf(target, targetKey[0] ?? '')?.typeInfo ?? NO_TYPE) === 'uuid';
  return { pair, entity, notes, complete: targetKey.every((column) => columns.has(column)) || surrogate };
}

const why = ({ reason }: Keyed): string =>
  reason === undefined ? 'by its name and columns' : `is a guess, for the names differ: ${reason}`;

const NO_TYPE = {
  schema: '',
  name: '',
  kind: 'pseudo',
  builtin: false,
  element: null,
  base: null,
  labels: [],
} as const;

const note = (path: string, confidence: number, reason: string): DraftNote => ({
  path,
  confidence: Math.round(confidence * 100) / 100,
  reason,
});

/** How a target row is found that was there before us: the old key, else a unique key that the mapping fills. */
function identityOf(
  target: Relation,
  columns: ReadonlyMap<string, DraftColumn>,
): { columns: readonly string[]; confidence: number; reason: string } {
  const legacy = legacyKeyColumn(target);
  if (legacy !== undefined && columns.has(legacy.name))
    return { columns: [legacy.name], confidence: 0.95, reason: `${legacy.name} holds the old key` };
  const key = target.primaryKey?.columns ?? [];
  if (key.every((column) => columns.has(column))) return { columns: [], confidence: 1, reason: '' };
  const natural = target.uniqueKeys.find(
    (unique) => isWhole(unique) && unique.columns.every((column) => columns.has(column)),
  );
  if (natural !== undefined)
    return { columns: natural.columns, confidence: 0.6, reason: `the unique key ${natural.name} is mapped` };
  return {
    columns: [],
    confidence: 0,
    reason: 'no column says which old row a new row stands for: rows that are there already will not be recognised',
  };
}

const isWhole = (unique: UniqueKey): boolean => unique.predicate === null && unique.columns.length > 0;

function sourceKey(source: Relation): Pick<Keyed, 'sourceKey' | 'keyConfidence' | 'keyReason'> | null {
  if (source.primaryKey !== null)
    return { sourceKey: source.primaryKey.columns, keyConfidence: 1, keyReason: 'the primary key' };
  const unique = source.uniqueKeys.find(
    (key) => isWhole(key) && key.columns.every((name) => columnOf(source, name)?.notNull),
  );
  if (unique !== undefined)
    return {
      sourceKey: unique.columns,
      keyConfidence: 0.8,
      keyReason: `the unique key ${unique.name}; there is no primary key`,
    };
  const guess = source.columns.find(({ name }) => words(name).some((word) => /^(id|no|nr|key|number)$/.test(word)));
  return guess === undefined
    ? null
    : { sourceKey: [guess.name], keyConfidence: 0.3, keyReason: `by the name ${guess.name}; nothing makes it unique` };
}

function updatedAt(relation: Relation): string | undefined {
  const isTouch = (name: string): boolean =>
    words(name).some((word) => /^(updated?|upd|modified|changed|touched)$/.test(word));
  return relation.columns.find(({ name, typeInfo }) => family(typeInfo) === 'moment' && isTouch(name))?.name;
}

const entityName = (target: Relation, all: readonly Relation[]): string => {
  const unique = all.filter(({ name }) => name === target.name).length === 1;
  const name = (unique ? target.name : `${target.schema}_${target.name}`).replaceAll(/[\s,]+/g, '_');
  return name === 'all' || name === 'test' ? `${name}_rows` : name;
};

function reasonFor(target: Relation, pairs: readonly Pair[], keyed: readonly Keyed[]): string {
  if (!pairs.some((pair) => pair.target === target)) return 'no source relation is like it';
  if (target.primaryKey === null) return 'it has no primary key';
  if (!keyed.some((pair) => pair.target === target)) return 'the source relation has no key';
  return 'nothing fills its key';
}

function unfilled({ entity: name, target }: Keyed, entity: Entity): { path: string; required: boolean }[] {
  return target.columns
    .filter(
      (column) =>
        !column.generated &&
        column.identity === null &&
        !Object.hasOwn(entity.columns, column.name) &&
        !entity.target.key.includes(column.name),
    )
    .map((column) => ({
      path: pathOf('entities', name, 'columns', column.name),
      required: column.notNull && !column.hasDefault,
    }));
}

function unread({ entity: name, source }: Keyed, entity: Entity): { entity: string; column: string }[] {
  const texts = JSON.stringify([entity.columns, entity.source]);
  const isRead = (column: string): boolean =>
    texts.includes(JSON.stringify(column)) || texts.includes(JSON.stringify(`s."${column}"`).slice(1, -1));
  return source.columns
    .filter((column) => !isRead(column.name))
    .map((column) => ({ entity: name, column: column.name }));
}
