/**
 * What a backup says of itself, and whether it fits the map and the tables of today. Pure: the file is read and written
 * elsewhere (shared/database/backup).
 */
import type { Column, Relation, TypeInfo } from './catalog.ts';
import { relationText } from './catalog.ts';
import type { Entity, EntityMap } from './entity-map.ts';

/** Of the format. A program reads backups of its own version and of those before. */
export const BACKUP_VERSION = 1;

/**
 * What stands in a row before the columns. `target`: the target key, where the mapping's row is gone; otherwise it is in
 * the columns. `closed`: `c` where the mapping is closed. `waiting`: references that wait for their parent, as JSON.
 */
export const ROW_FIELDS = [
  'key',
  'target',
  'origin',
  'closed',
  'sourceHash',
  'targetHash',
  'sourceColumns',
  'targetColumns',
  'waiting',
] as const;

/** A column of the target table that can be written: all of them are kept, mapped or not. */
export interface BackedUpColumn {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
}

/** What the bases of the entity were taken over (SEMANTICS 5 and 16). */
export interface BackedUpBases {
  readonly sourceShape: string;
  readonly targetShape: string;
  readonly sourceProbe: string | null;
  readonly targetProbe: string | null;
}

export interface BackedUpEntity {
  readonly entity: string;
  readonly table: string;
  readonly columns: readonly BackedUpColumn[];
  /** Its rows are encrypted: it has a sensitive column, and there was a key. */
  readonly encrypted: boolean;
  readonly bases: BackedUpBases;
}

export interface Encryption {
  readonly cipher: 'aes-256-gcm';
  /** Of the key's derivation, base64; another one in each file. */
  readonly salt: string;
  /** Tells another key from a damaged file. */
  readonly check: string;
}

/** The state of an entity's newest checkpoint, for people: a restore does not write checkpoints. */
export type BackedUpCheckpoint = Readonly<Record<string, string | null>>;

export interface BackupHeader {
  readonly operationId: string;
  readonly takenAt: string;
  /** Database and server version of each side. */
  readonly source: string;
  readonly target: string;
  readonly targetVersion: number;
  readonly ledgerVersion: number;
  readonly map: EntityMap;
  readonly mapHash: string;
  readonly encryption: Encryption | null;
  /** Tells whether the bases of sensitive columns were made with the key of today. */
  readonly hashKey: string;
  readonly entities: readonly BackedUpEntity[];
  readonly checkpoints: readonly BackedUpCheckpoint[];
}

/** Rows and checksum of each entity, as the end of the file repeats them. */
export interface BackupTotals {
  readonly rows: number;
  readonly entities: Readonly<Record<string, { readonly rows: number; readonly sha256: string }>>;
}

/** The type with all that decides which values it takes, in words. */
function typeText({ type, typeInfo }: Pick<Column, 'type' | 'typeInfo'>): string {
  const labels = labelsOf(typeInfo);
  const base = typeInfo.base === null ? '' : ` (a domain over ${typeInfo.base.schema}.${typeInfo.base.name})`;
  return `${type}${base}${labels.length === 0 ? '' : ` (${labels.join(', ')})`}`;
}

const labelsOf = (type: TypeInfo): readonly string[] =>
  type.base !== null ? labelsOf(type.base) : type.element !== null ? labelsOf(type.element) : type.labels;

/** Generated columns are made anew. */
export const backedUpColumns = (target: Relation): readonly BackedUpColumn[] =>
  target.columns
    .filter((column) => !column.generated)
    .map((column) => ({ name: column.name, type: typeText(column), notNull: column.notNull }));

/** An entity as it is now, to hold against the backup. */
export interface EntityNow {
  readonly mapping: Entity;
  readonly target: Relation;
}

/** Everything in which the backup's entity is another than today's, each difference with its name; none where it fits. */
export function differencesOf(kept: BackedUpEntity, before: Entity, now: EntityNow): readonly string[] {
  const table = relationText(now.target);
  if (kept.table !== table) return [`${kept.entity} is ${kept.table} in the backup, and ${table} now`];
  return [
    ...mappingDifferences(kept.entity, before, now.mapping),
    ...columnDifferences(table, kept.columns, now.target),
  ];
}

function columnDifferences(table: string, kept: readonly BackedUpColumn[], target: Relation): readonly string[] {
  const today = new Map(backedUpColumns(target).map((column) => [column.name, column]));
  const found: string[] = [];
  for (const column of kept) {
    const now = today.get(column.name);
    const name = `${table}.${column.name}`;
    if (now === undefined)
      found.push(`${name} (${column.type}) is in the backup, and cannot be written in the table now`);
    else if (now.type !== column.type) found.push(`${name} is ${column.type} in the backup, and ${now.type} now`);
    else if (now.notNull !== column.notNull)
      found.push(`${name} is ${nullability(column)} in the backup, and ${nullability(now)} now`);
    today.delete(column.name);
  }
  return [...found, ...[...today.values()].map(({ name, type }) => `${table}.${name} (${type}) is not in the backup`)];
}

const nullability = ({ notNull }: BackedUpColumn): string => (notNull ? 'NOT NULL' : 'nullable');

/** Every leaf of the mapping with its path. */
function leaves(path: string, value: unknown): readonly (readonly [path: string, text: string])[] {
  if (value === null || typeof value !== 'object') return value === undefined ? [] : [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([name, part]) => leaves(`${path}.${name}`, part));
}

function mappingDifferences(entity: string, before: Entity, now: Entity): readonly string[] {
  const root = `entities.${entity}`;
  const old = new Map(leaves(root, before));
  const today = new Map(leaves(root, now));
  const found: string[] = [];
  for (const path of new Set([...old.keys(), ...today.keys()])) {
    const [was, is] = [old.get(path), today.get(path)];
    if (was !== is)
      found.push(`${path} is ${was ?? 'not there'} in the map of the backup, and ${is ?? 'not there'} now`);
  }
  // The bases of a row stand in the order of the map's columns.
  if (found.length === 0 && Object.keys(before.columns).join('\n') !== Object.keys(now.columns).join('\n'))
    found.push(`${root}.columns are in another order in the map of the backup`);
  return found;
}
