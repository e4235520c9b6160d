/** Both sides of a random schema in SQL, and the map between them. Each trial has a schema of its own in the same databases. */
import type { Entity as MapEntity, EntityMap } from '../../../shared/domain/entity-map.ts';
import type { Entity, LegacyRow } from './schema.ts';
import type { KeyKind } from './spec.ts';

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string | null): string => (text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`);

const KEY_TYPES: Readonly<Record<KeyKind, readonly string[]>> = {
  whole: ['integer'],
  text: ['text'],
  uuid: ['uuid'],
  composite: ['integer', 'text'],
};
/** How a child says it: another type, from which the parent's is reached by a cast. */
const CHILD_TYPES: Readonly<Record<KeyKind, readonly string[]>> = {
  whole: ['numeric'],
  text: ['varchar'],
  uuid: ['text'],
  composite: ['bigint', 'varchar'],
};
const DEFERRABLE = {
  none: '',
  plain: '',
  deferrable: 'DEFERRABLE',
  deferred: 'DEFERRABLE INITIALLY DEFERRED',
} as const;

const keyColumns = (entity: Entity): readonly string[] => KEY_TYPES[entity.key].map((_, i) => `Key ${i}`);
const valueColumns = (entity: Entity): readonly string[] => entity.columns.map((_, i) => `v${i}`);
const referenceColumns = (parent: Entity, r: number): readonly string[] =>
  CHILD_TYPES[parent.key].map((_, i) => `ref ${r} ${i}`);
export const targetReference = (r: number): string => `r${r}`;

export class Databases {
  readonly schema: string;
  readonly #entities: readonly Entity[];

  constructor(schema: string, entities: readonly Entity[]) {
    this.schema = schema;
    this.#entities = entities;
  }

  #named(name: string): Entity {
    return this.#entities.find((entity) => entity.name === name)!;
  }

  #source = (entity: Entity): string => `${this.schema}.${quoted(entity.name)}`;
  #target = (entity: Entity): string => `${this.schema}.${quoted(entity.table)}`;

  legacy(): string {
    const tables = this.#entities.map((entity) => {
      const columns = [
        ...KEY_TYPES[entity.key].map((type, i) => `${quoted(`Key ${i}`)} ${type}`),
        ...entity.columns.map((kind, i) => `v${i} ${kind.from}`),
        ...entity.references.flatMap((reference, r) => {
          const parent = this.#named(reference.parent);
          return referenceColumns(parent, r).map((name, i) => `${quoted(name)} ${CHILD_TYPES[parent.key][i]}`);
        }),
        `PRIMARY KEY (${keyColumns(entity).map(quoted).join(', ')})`,
      ];
      return `CREATE TABLE ${this.#source(entity)} (${columns.join(', ')})`;
    });
    const rows = this.#entities.flatMap((entity) => entity.rows.map((row) => this.insertLegacy(entity, row)));
    return [`CREATE SCHEMA ${this.schema}`, ...tables, ...rows].join(';\n');
  }

  target(): string {
    const firsts = this.#entities.filter((entity) => entity.kind !== 'twin');
    const typeOfKey = (entity: Entity): string => (entity.natural ? KEY_TYPES[entity.key][0]! : 'uuid');
    const tables = firsts.map((entity) => {
      const identity = [...(entity.kind === null ? [] : ['kind']), ...keyColumns(entity)].map(quoted).join(', ');
      const columns = [
        ...(entity.natural ? [] : ['id uuid PRIMARY KEY']),
        ...(entity.kind === null ? [] : ['kind text']),
        ...KEY_TYPES[entity.key].map((type, i) => `${quoted(`Key ${i}`)} ${type}`),
        ...entity.columns.map((kind, i) => `v${i} ${kind.to}`),
        ...entity.references.map((reference, r) => {
          const type = typeOfKey(this.#named(reference.parent));
          return `${targetReference(r)} ${type}${reference.nullable ? '' : ' NOT NULL'}`;
        }),
        `${entity.natural ? 'PRIMARY KEY' : 'UNIQUE'} (${identity})`,
      ];
      return `CREATE TABLE ${this.#target(entity)} (${columns.join(', ')})`;
    });
    const constraints = firsts.flatMap((entity) =>
      entity.references.flatMap((reference, r) =>
        reference.constraint === 'none'
          ? []
          : [
              `ALTER TABLE ${this.#target(entity)} ADD FOREIGN KEY (${targetReference(r)}) REFERENCES ${this.#target(this.#named(reference.parent))} ${DEFERRABLE[reference.constraint]}`,
            ],
      ),
    );
    return [`CREATE SCHEMA ${this.schema}`, ...tables, ...constraints].join(';\n');
  }

  map(): EntityMap {
    return {
      name: this.schema,
      entities: Object.fromEntries(this.#entities.map((entity) => [entity.name, this.#mapped(entity)])),
    };
  }

  #mapped(entity: Entity): MapEntity {
    const keys = keyColumns(entity);
    return {
      source: { table: `${this.schema}.${entity.name}`, key: keys },
      target: entity.natural
        ? { table: `${this.schema}.${entity.table}`, key: keys }
        : {
            table: `${this.schema}.${entity.table}`,
            key: ['id'],
            identity: [...(entity.kind === null ? [] : ['kind']), ...keys],
          },
      columns: {
        ...(entity.kind === null ? {} : { kind: { value: entity.kind } }),
        ...Object.fromEntries(keys.map((name) => [name, name])),
        ...Object.fromEntries(
          entity.columns.map((kind, i) => [`v${i}`, kind.sql === undefined ? `v${i}` : { sql: kind.sql(`s.v${i}`) }]),
        ),
        ...Object.fromEntries(
          entity.references.map((reference, r) => [
            targetReference(r),
            {
              ref: reference.parent,
              from: referenceColumns(this.#named(reference.parent), r),
              ...(reference.onMissing === 'null' ? { onMissing: 'null' as const } : {}),
            },
          ]),
        ),
      },
    };
  }

  #said(entity: Entity, row: LegacyRow, r: number): readonly (string | null)[] {
    const parent = this.#named(entity.references[r]!.parent);
    const key = row.references[r] ?? null;
    if (key === null) return CHILD_TYPES[parent.key].map(() => null);
    return parent.key === 'uuid' ? key.map((part) => part.toUpperCase()) : key;
  }

  insertLegacy(entity: Entity, row: LegacyRow): string {
    const values = [...row.key, ...row.values, ...entity.references.flatMap((_, r) => this.#said(entity, row, r))];
    return `INSERT INTO ${this.#source(entity)} VALUES (${values.map(literal).join(', ')})`;
  }

  updateLegacy(entity: Entity, row: LegacyRow): string {
    const values = row.values.map((value, i) => `v${i} = ${literal(value)}`);
    const references = entity.references.flatMap((reference, r) => {
      const said = this.#said(entity, row, r);
      return referenceColumns(this.#named(reference.parent), r).map(
        (name, i) => `${quoted(name)} = ${literal(said[i] ?? null)}`,
      );
    });
    return `UPDATE ${this.#source(entity)} SET ${[...values, ...references].join(', ')} WHERE ${this.#is(entity, row.key)}`;
  }

  deleteLegacy = (entity: Entity, key: readonly string[]): string =>
    `DELETE FROM ${this.#source(entity)} WHERE ${this.#is(entity, key)}`;

  #is = (entity: Entity, key: readonly string[], alias = ''): string =>
    keyColumns(entity)
      .map((name, i) => `${alias}${quoted(name)} = ${literal(key[i]!)}`)
      .join(' AND ');

  #isInTarget = (entity: Entity, key: readonly string[], alias = ''): string =>
    [this.#is(entity, key, alias), ...(entity.kind === null ? [] : [`${alias}kind = '${entity.kind}'`])].join(' AND ');

  updateTarget = (entity: Entity, key: readonly string[], column: string, value: string | null): string =>
    `UPDATE ${this.#target(entity)} SET ${column} = ${literal(value)} WHERE ${this.#isInTarget(entity, key)}`;

  leadTarget(entity: Entity, key: readonly string[], r: number, to: readonly string[] | null): string {
    const parent = this.#named(entity.references[r]!.parent);
    const column = parent.natural ? quoted('Key 0') : 'id';
    const value =
      to === null
        ? 'NULL'
        : `(SELECT p.${column} FROM ${this.#target(parent)} p WHERE ${this.#isInTarget(parent, to, 'p.')})`;
    return `UPDATE ${this.#target(entity)} SET ${targetReference(r)} = ${value} WHERE ${this.#isInTarget(entity, key)}`;
  }

  deleteTarget = (entity: Entity, key: readonly string[]): string =>
    `DELETE FROM ${this.#target(entity)} WHERE ${this.#isInTarget(entity, key)}`;

  /** The rows of an entity as the target has them: references by the legacy keys that their parents show. */
  read(entity: Entity): string {
    const keys = `jsonb_build_array(${keyColumns(entity)
      .map((name) => `t.${quoted(name)}::text`)
      .join(', ')})`;
    const values = `jsonb_build_array(${valueColumns(entity)
      .map((name) => `t.${name}::text`)
      .join(', ')})`;
    const references = entity.references.map((reference, r) => {
      const parent = this.#named(reference.parent);
      const key = `jsonb_build_array(${keyColumns(parent)
        .map((name) => `p.${quoted(name)}::text`)
        .join(', ')})`;
      const mine = parent.natural ? `p.${quoted('Key 0')}` : 'p.id';
      const kind = parent.kind === null ? '' : ` AND p.kind = '${parent.kind}'`;
      const column = `t.${targetReference(r)}`;
      return `CASE WHEN ${column} IS NOT NULL THEN coalesce((SELECT ${key} FROM ${this.#target(parent)} p WHERE ${mine} = ${column}${kind}), '"nobody"') END`;
    });
    const where = entity.kind === null ? '' : ` WHERE t.kind = '${entity.kind}'`;
    return `SELECT ${keys} AS key, ${values} AS values, jsonb_build_array(${references.join(', ')}) AS references FROM ${this.#target(entity)} t${where}`;
  }
}
