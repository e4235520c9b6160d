/** What a worker knows while it works on one entity: its two sessions, its proof of ownership, its limits. */
import type { RowCounts } from '../../domain/action-counts.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { ListedRows } from '../../domain/listed-rows.ts';
import type { Settlement } from '../../domain/settlement.ts';
import type { Session } from '../session.ts';
import type { Mode } from '../sql/decide.ts';
import type { KeyRange } from '../sql/range.ts';
import type { Beside } from './finish.ts';
import type { Reading } from './stage-rows.ts';

export interface Worker {
  readonly source: Session;
  readonly target: Session;
  readonly entity: CompiledEntity;
  readonly map: string;
  readonly operationNo: number;
  readonly operationId: string;
  readonly checkpointId: string;
  readonly fence: number;
  readonly slice: number;
  readonly mode: Mode;
  /** The target had no row without a mapping when the entity was prepared, so there is nothing to adopt. */
  readonly fresh: boolean;
  /**
   * The target's rows equalled their bases when the entity was prepared: they are not compared once more. What was edited since
   * is found where the source has changed the same row, and by the next run.
   */
  readonly untouched?: boolean;
  /** Changes of the source lay everywhere when the entity was prepared: no step of a slice is worth a sum. */
  readonly scattered?: boolean;
  /** Nothing was mapped in the slice when it was begun: its rows are new, and go in by the shortest way (sql/load.ts). */
  readonly loading?: Loading | null;
  readonly batchRows: number;
  /** Bytes a batch, at most; without it as many as its rows have. */
  readonly batchBytes?: number;
  /** `--optimize-batching`: the size of a batch follows its time. */
  readonly steered?: boolean;
  /** How rows are read; without it as fast as they come. */
  readonly reading?: Reading;
  /** The operation is about these rows and no others. */
  readonly listed?: ListedRows | null;
  /** Only rows that the source changed lately are read: what is not among them is not gone. */
  readonly changesOnly?: boolean;
  /**
   * The rows of the range were compared by key (engine/changed-keys.ts), and only those that differ are staged: how many of a
   * part of it are as they were.
   */
  readonly passed?: (range: KeyRange) => Promise<number>;
  /** What decides on rows that both sides changed; without it they are recorded and left alone. */
  readonly settlement?: Settlement | null;
  /** True when the step must return its progress. */
  readonly timeIsUp: () => boolean;
  /**
   * A worker of this run on another entity, which had its turn already, for rows that came too late; null where the run does
   * not have it.
   */
  readonly workerOn: (entity: string) => Promise<Worker | null>;
  /** Where the entity is of a circle that can only be written together: this run's workers on all of it. */
  readonly circle: () => Promise<{
    /** In the order in which they are written. */
    readonly workers: readonly Worker[];
    /** Rows that go together, at most. */
    readonly most: number;
  } | null>;
  /** Another session on the target, for what can be done beside. */
  readonly beside?: Beside;
  /** A line for every committed batch. */
  readonly onBatch: (batch: BatchReport) => void;
}

export interface Loading {
  /** Leaves of parents with so few rows that a batch had better read all of them than look for each of its own. */
  readonly smallLeaves: ReadonlySet<string>;
}

export interface BatchReport {
  readonly entity: string;
  readonly slice: number;
  readonly range: { readonly from: string | null; readonly to: string | null };
  readonly counts: RowCounts;
  readonly readMs: number;
  readonly writeMs: number;
  readonly memoryBytes: number;
  /** As they came from the source. */
  readonly bytes: number;
}
