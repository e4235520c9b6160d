/** What a run is held to, from the settings in force. */
import type { Limits } from '../shared/domain/performance/run-figures.ts';
import type { Dependencies } from './dependencies.ts';

type Settings = ReturnType<Dependencies['settings']>;

/** The guide's: a migration below it runs slower than expected. */
const FLOOR_ROWS_PER_SECOND = 500;
/** What the function that moves rows has in Lambda (infra/state-machines/steps.ts). */
const MEMORY_LIMIT_MB = 1769;

export const limitsOf = ({ performanceFloor, memoryLimitMb }: Settings): Limits => ({
  floor: performanceFloor ?? FLOOR_ROWS_PER_SECOND,
  memoryBytes: (memoryLimitMb ?? MEMORY_LIMIT_MB) * 2 ** 20,
});

export const NEVER_MIGRATED = 'the target database has no ledger yet: nothing was ever migrated';
