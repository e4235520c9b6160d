/** What a run is held to, from the settings in force. */
import type { Limits } from '../shared/domain/performance/run-figures.ts';
import { PERFORMANCE_FLOOR } from '../shared/domain/settings.ts';
import type { Dependencies } from './dependencies.ts';

type Settings = ReturnType<Dependencies['settings']>;

/** What the function that moves rows has in Lambda (infra/state-machines/steps.ts). */
const MEMORY_LIMIT_MB = 1769;

export const limitsOf = ({ performanceFloor, memoryLimitMb }: Settings): Limits => ({
  floor: performanceFloor ?? PERFORMANCE_FLOOR,
  memoryBytes: (memoryLimitMb ?? MEMORY_LIMIT_MB) * 2 ** 20,
});

export const NEVER_MIGRATED = 'the target database has no ledger yet: nothing was ever migrated';
