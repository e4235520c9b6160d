/** What an estimate of one entity works with. */
import type { ActionCount } from '../../domain/action-counts.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { Session } from '../session.ts';
import type { Mode } from '../sql/decide.ts';
import type { Refused, Rehearsal } from './rehearsal.ts';
import type { Reading } from './stage-rows.ts';

export interface EstimateRequest {
  readonly source: Session;
  readonly target: Session;
  readonly entity: CompiledEntity;
  readonly map: string;
  readonly mode: Mode;
  /** All entities of the map, and which of them the run would carry. */
  readonly entities: ReadonlyMap<string, CompiledEntity>;
  readonly takesPart: (entity: string) => boolean;
  readonly batchRows: number;
  readonly reading?: Reading | undefined;
  /** Only these rows, which are written whatever stands there. */
  readonly keys?: readonly string[] | undefined;
  /** Keys of rows that count no more when they cannot be written. */
  readonly ignored?: ReadonlySet<string>;
  /** Hears of the actions behind the counts. */
  readonly onActions?: (actions: readonly ActionCount[]) => void;
  /** Each batch is written and taken back before it is counted. */
  readonly rehearsal?: Rehearsal | undefined;
  /** Of the staged rows those that were refused when they were tried. */
  readonly refused?: readonly Refused[];
  readonly timeIsUp: () => boolean;
}
