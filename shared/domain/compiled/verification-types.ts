/** What the validator knows of a compiled entity (verification.ts makes it). */
import type { OrderKind } from '../order-kind.ts';
import type { HashedForm } from '../row-hash.ts';

/** `record`: both servers hash rows alike. `text`: they hash texts alike. `sha256`: neither, or nobody knows. */
export type HashMode = 'record' | 'text' | 'sha256';

/** A reference as the target has it. */
export interface VerifiedReference {
  readonly column: string;
  readonly parent: string;
  readonly staged: string;
  /** Over the joined target: the legacy key of the parent's row, NULL where it stands for none. */
  readonly key: string;
  /** Over `t` alone: it leads to no row at all. */
  readonly orphan: string;
  readonly onMissing: 'setAside' | 'null';
  /** The parent's row is found by its own identity, not by its mapping. */
  readonly byIdentity: boolean;
  readonly order: OrderKind;
  /** The key is an integer that may need more than 32 bits. */
  readonly wide: boolean;
}

/** A compared column that is no reference. */
export interface VerifiedValue {
  readonly column: string;
  readonly sensitive: boolean;
  /** Over `g` and `t`. */
  readonly differs: string;
  /** Why, in a word (value-reasons.ts). */
  readonly reason: string;
}

export interface VerifiedForms {
  /** Over `q`. */
  readonly source: readonly HashedForm[];
  /** Over the joined target, in the same order. */
  readonly target: readonly HashedForm[];
  /** The target's columns that they compare; null: none in particular. */
  readonly columns: readonly (string | null)[];
}

/** What the hash of a row is taken over: its key, and as much of the rest as is compared. */
export interface ComparedForms {
  readonly key: VerifiedForms;
  readonly references: VerifiedForms;
  readonly values: VerifiedForms;
}

export interface Verification {
  /**
   * What pairs rows. `legacy`: the identity columns say the legacy key. `identity`: they say something that the source can
   * say too. `mapping`: only the mapping knows.
   */
  readonly via: 'legacy' | 'identity' | 'mapping';
  readonly keyOrder: OrderKind;
  /** The key that pairs rows, over `q`, `g` and the joined target. */
  readonly sourceKey: string;
  readonly desiredKey: string;
  readonly targetKey: string;
  /** The legacy key of a target row as text, for an extra one; over the joined target. */
  readonly legacyText: string;
  /** Columns of the target whose plain values say the key, where one column says it alone: an index may serve. */
  readonly keyColumn: string | null;
  readonly from: string;
  readonly where: readonly string[];
  readonly values: readonly VerifiedValue[];
  readonly references: readonly VerifiedReference[];
  readonly forms: Readonly<Record<'record' | 'text', ComparedForms>>;
  /** Over the joined target: something that no hash of the source can equal, such as a reference that leads nowhere. */
  readonly broken: string | null;
  /** Over `s`, by staged name: the value as the column would hold it. */
  readonly sourceColumns: ReadonlyMap<string, string>;
}
