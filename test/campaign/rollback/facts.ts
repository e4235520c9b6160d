/** What the model of a migration knows: rows, mappings with their bases, operations with what they did, open differences. */

export interface Mapped {
  readonly a: number;
  readonly b: number;
}
export interface TargetRow extends Mapped {
  readonly note: string;
  /** Who wrote it last: an operation, or null: somebody else. */
  readonly writer: string | null;
}
export interface Mapping {
  readonly source: Mapped | null;
  readonly target: Mapped | null;
  readonly by: string;
  readonly closedBy: string | null;
}
export interface Entry {
  readonly key: number;
  readonly kind: 'insert' | 'update' | 'delete' | 'none';
  readonly row: TargetRow | null;
  readonly after: TargetRow | null;
  readonly mapping: Mapping | null;
  readonly mappingAfter: Mapping | null;
}
export interface Operation {
  readonly order: number;
  readonly takesBack: string | null;
  readonly entries: Entry[];
  /** Keys that the rollback had to keep. */
  kept: readonly number[];
  takenBackBy: string | null;
  /** Keys that are to be deleted at the end, with the edit that was decided against. */
  readonly leaving: Map<number, TargetRow | null>;
  readonly findings: Findings;
}

/** Who wins where both sides changed a row; null: nobody, it stays a conflict. */
export type Winner = 'source_wins' | 'target_wins' | null;
export type Difference = 'value' | 'missing' | 'conflict' | 'adopted' | 'reappeared' | 'deleted';

export interface Finding {
  readonly type: Difference;
  readonly source: Mapped | null;
  readonly target: Mapped | null;
}
/** By key and type; null where it is only known that it is open. */
export type Findings = Map<number, Map<Difference, Finding | null>>;

/** What is done with one key. */
export interface Decision {
  readonly row: TargetRow | null;
  readonly mapping: Mapping | null;
  readonly finding?: Finding;
  /** The row goes at the end of the run. */
  readonly leaves?: boolean;
}

/** What a strategy may settle, and who wins. */
export interface Settlement {
  readonly winner: Winner;
  readonly settles: (finding: Finding) => boolean;
  /** A run deletes rows that the source has lost; a resolution does what it was asked, and leaves them to the next run. */
  readonly deletes: boolean;
}
export const BY_DEFAULT: readonly Difference[] = ['conflict', 'adopted'];

export interface Backup {
  readonly rows: ReadonlyMap<number, TargetRow>;
  readonly mappings: ReadonlyMap<number, Mapping>;
}

export const equal = (a: Mapped | null, b: Mapped | null): boolean =>
  a?.a === b?.a && a?.b === b?.b && (a === null) === (b === null);
export const mappedOf = ({ a, b }: Mapped): Mapped => ({ a, b });

/** The bases of a mapping are those that an operation left, and, where it made the mapping, it is still its own. */
export const saysTheSame = (now: Mapping | null, left: Mapping, madeBy: string | null): boolean =>
  equal(now?.target ?? null, left.target) &&
  equal(now?.source ?? null, left.source) &&
  (madeBy === null || now?.by === madeBy);

/** An operation that has done nothing yet. */
export const begun = (order: number, takesBack: string | null): Operation => ({
  order,
  takesBack,
  entries: [],
  kept: [],
  takenBackBy: null,
  leaving: new Map(),
  findings: new Map(),
});
