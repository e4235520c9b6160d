/** Every command there is. A command that is not in this list does not exist, on any surface. */
import { analyze } from './differential-migration/analyze.ts';
import { explain } from './differential-migration/explain.ts';
import { exportMapping } from './differential-migration/export-mapping.ts';
import { init } from './differential-migration/init.ts';
import { migrate } from './differential-migration/migrate.ts';
import { resume } from './differential-migration/resume.ts';
import { setAside } from './differential-migration/set-aside.ts';
import { checkpointStatus } from './migration-analyzer/checkpoint-status.ts';
import { debug } from './migration-analyzer/debug.ts';
import { testConnections } from './migration-analyzer/test-connections.ts';
import { validateConfig } from './migration-analyzer/validate-config.ts';
import { commandOf, type Operation } from './operation.ts';

export const CATALOGUE_OF_OPERATIONS: readonly Operation[] = [
  migrate,
  resume,
  analyze,
  setAside,
  init,
  explain,
  exportMapping,
  checkpointStatus,
  debug,
  testConnections,
  validateConfig,
];

/** The operation of an execution input's `command`, if there is one. */
export const operationOf = (command: string): Operation | undefined =>
  CATALOGUE_OF_OPERATIONS.find((op) => commandOf(op) === command);
