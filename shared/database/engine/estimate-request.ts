/** What an estimate of one entity works with. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { Session } from '../session.ts';
import type { Mode } from '../sql/decide.ts';

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
  readonly timeIsUp: () => boolean;
}
