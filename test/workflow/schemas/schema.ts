/** A legacy schema, a new one, the map between them, and what is right in the end: told in SQL, without the project. */
import type { EntityMap } from '../../../shared/domain/entity-map.ts';

/** Counters of an entity in the answer of a run. */
export type Counter =
  'read' | 'inserted' | 'updated' | 'unchanged' | 'deleted' | 'adopted' | 'kept' | 'conflicts' | 'parked' | 'setAside';

/** Both queries give a key and a value, as texts that are equal where the row is right. */
export interface Truth {
  /** Without the rows that cannot be carried. */
  readonly legacy: string;
  readonly target: string;
}

export interface Edits {
  readonly legacy: string;
  readonly target: string;
  /** Of the run after the edits; a counter that is not named is 0, `read` and `unchanged` may be anything. */
  readonly counts: Readonly<Record<string, Readonly<Partial<Record<Counter, number>>>>>;
  /** What differs in the end: entity and key -> how. */
  readonly left: Readonly<Record<string, 'value' | 'missing' | 'extra'>>;
}

export type Differences = Readonly<Record<string, 'value' | 'missing' | 'extra'>>;

export interface Schema {
  readonly name: string;
  readonly legacy: string;
  readonly target: string;
  readonly map: EntityMap;
  readonly truth: Readonly<Record<string, Truth>>;
  /** Rows of each entity that cannot be carried; none where an entity is not named. */
  readonly setAside?: Readonly<Record<string, number>>;
  readonly edits?: Edits;
  /**
   * What the validator says where the truth names rows otherwise, or leaves out what cannot be carried: after the first
   * migration, and in the end. By entity and legacy key.
   */
  readonly verdict?: { readonly first?: Differences; readonly left?: Differences };
  /** False where only writing finds what cannot be carried, so that a dry run counts such rows and their children as written. */
  readonly foreseen?: boolean;
}
