/** What a validation works with while it looks at one piece of one entity. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { Session } from '../session.ts';
import type { Judged, Scope } from '../sql/validate/compare.ts';
import type { Look } from '../sql/validate/project.ts';

export interface Viewer {
  readonly source: Session;
  readonly target: Session;
  readonly entity: CompiledEntity;
  readonly look: Look;
  readonly scope: Scope;
  /** The target's rows are also asked what they say of the mapping. */
  readonly witnessed: boolean;
  /** Where differences are kept: an operation of the ledger. */
  readonly operationNo: number;
  readonly piece: number;
  /** Whether somebody wrote to one of the tables since this piece began, as far as the servers have counted. */
  readonly isBusy: () => Promise<boolean>;
  /** When the piece began, as `performance.now()` says it. */
  readonly begunAt: number;
  /** How long a difference must last on databases that are written to before it is believed. */
  readonly settleMs: number;
  readonly pause: (ms: number) => Promise<void>;
  /** True when the step must return its progress. */
  readonly timeIsUp: () => boolean;
}

/** Count and hash sum of (legacy key, target key) over all rows: what a witness says of the mapping. */
export interface WitnessSum {
  readonly rows: number;
  readonly hashes: string;
}

/** A row by its pairing key, as both sides had it when they were looked at; null: it was not there. */
export interface Suspect {
  readonly vk: string;
  /** Legacy keys of the source rows with this pairing key; more than one where it does not tell them apart. */
  readonly keys: readonly string[];
  readonly source: string | null;
  readonly target: string | null;
  /** Of a row that moved: what of it differs for good. The rest of it is not judged. */
  readonly only?: Judged;
}

/** What was read on both sides, for the verdict's coverage. */
export interface Read {
  readonly sourceRows: number;
  readonly targetRows: number;
  readonly buckets: number;
  readonly differing: number;
  /** What crossed between the servers and this process, about. */
  readonly bytes: number;
}
