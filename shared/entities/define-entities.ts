/** Lets the compiler check what the schema checks when a map is loaded: a misspelled reference is red in the editor. */
import type { Entity, EntityMap } from '../domain/entity-map.ts';

/** A `ref` leads to an entity of the same map. */
type CheckedColumn<Column, Names> = Column extends { readonly ref: unknown } ? { readonly ref: Names } : unknown;

type NamesIn<List> = List extends readonly (infer Name)[] ? Name : never;

type CheckedEntity<E extends Entity, Names> = {
  /** An identity column is mapped, or part of the key. */
  readonly target: { readonly identity?: readonly ((keyof E['columns'] & string) | NamesIn<E['target']['key']>)[] };
  readonly columns: { readonly [Column in keyof E['columns']]: CheckedColumn<E['columns'][Column], Names> };
};

type CheckedMap<M extends EntityMap> = {
  readonly entities: {
    readonly [Name in keyof M['entities']]: CheckedEntity<M['entities'][Name], keyof M['entities'] & string>;
  };
};

/** The map as it is given; wrong names are compile errors. Everything else is checked when the map is loaded. */
export const defineEntities = <const M extends EntityMap>(map: M & CheckedMap<M>): M => map;
