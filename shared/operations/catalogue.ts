/** Every command there is. A command that is not in this list does not exist, on any surface. */
import { cutOver } from './cut-over.ts';
import { checkRecord } from './data-validator/check-record.ts';
import { validate } from './data-validator/validate.ts';
import { analyzeSize } from './data-validator/analyze-size.ts';
import { analyze } from './differential-migration/analyze.ts';
import { explain } from './differential-migration/explain.ts';
import { exportMapping } from './differential-migration/export-mapping.ts';
import { init } from './differential-migration/init.ts';
import { migrate } from './differential-migration/migrate.ts';
import { resetEntity } from './differential-migration/reset-entity.ts';
import { resume } from './differential-migration/resume.ts';
import { rollback } from './differential-migration/rollback.ts';
import { rollbackEntity } from './differential-migration/rollback-entity.ts';
import { setAside } from './differential-migration/set-aside.ts';
import { analyzeRelationships } from './migration-analyzer/analyze-relationships.ts';
import { checkpointStatus } from './migration-analyzer/checkpoint-status.ts';
import { cleanupCheckpoints } from './migration-analyzer/cleanup-checkpoints.ts';
import { cleanupDifferentials } from './migration-analyzer/cleanup-differentials.ts';
import { cleanupStaleCheckpoints } from './migration-analyzer/cleanup-stale-checkpoints.ts';
import { debug } from './migration-analyzer/debug.ts';
import { compareRecords } from './migration-analyzer/compare-records.ts';
import { completeCheckpoint } from './migration-analyzer/complete-checkpoint.ts';
import { forceCompleteCheckpoint } from './migration-analyzer/force-complete-checkpoint.ts';
import { repairRelationships } from './migration-analyzer/repair-relationships.ts';
import { repairUuidMappings } from './migration-analyzer/repair-uuid-mappings.ts';
import { resetCheckpoint } from './migration-analyzer/reset-checkpoint.ts';
import { resumeAll } from './migration-analyzer/resume-all.ts';
import { createFullBackup } from './migration-analyzer/create-full-backup.ts';
import { restoreFromBackup } from './migration-analyzer/restore-from-backup.ts';
import { rollbackAll } from './migration-analyzer/rollback-all.ts';
import { stopAllOperations } from './migration-analyzer/stop-all-operations.ts';
import { testConnections } from './migration-analyzer/test-connections.ts';
import { validateConfig } from './migration-analyzer/validate-config.ts';
import { analyzeConflicts } from './conflict-resolver/analyze-conflicts.ts';
import { resolve } from './conflict-resolver/resolve.ts';
import { resolveManual } from './conflict-resolver/resolve-manual.ts';
import { conflictStatus } from './conflict-resolver/status.ts';
import { testStrategy } from './conflict-resolver/test-strategy.ts';
import { validateSource } from './migration-analyzer/validate-source.ts';
import { validateUuidMappings } from './migration-analyzer/validate-uuid-mappings.ts';
import { runJob } from './sync-scheduler/run-job.ts';
import { analyzePerformance as analyzeJobs } from './sync-scheduler/analyze-performance.ts';
import { createJob } from './sync-scheduler/create-job.ts';
import { deleteJob } from './sync-scheduler/delete-job.ts';
import { healthCheck } from './sync-scheduler/health-check.ts';
import { jobStatus } from './sync-scheduler/job-status.ts';
import { listJobs } from './sync-scheduler/list-jobs.ts';
import { pauseAllJobs } from './sync-scheduler/pause-all-jobs.ts';
import { pauseJob } from './sync-scheduler/pause-job.ts';
import { restartScheduler } from './sync-scheduler/restart-scheduler.ts';
import { resumeAllJobs } from './sync-scheduler/resume-all-jobs.ts';
import { resumeJob } from './sync-scheduler/resume-job.ts';
import { start } from './sync-scheduler/start.ts';
import { updateJob } from './sync-scheduler/update-job.ts';
import { commandOf, type Operation } from './operation.ts';
import { WATCHING } from './watching.ts';

export const CATALOGUE_OF_OPERATIONS: readonly Operation[] = [
  migrate,
  resume,
  analyze,
  setAside,
  resetEntity,
  rollback,
  rollbackEntity,
  init,
  explain,
  exportMapping,
  validate,
  runJob,
  createJob,
  updateJob,
  deleteJob,
  pauseJob,
  resumeJob,
  pauseAllJobs,
  resumeAllJobs,
  listJobs,
  jobStatus,
  healthCheck,
  analyzeJobs,
  restartScheduler,
  start,
  conflictStatus,
  analyzeConflicts,
  resolve,
  resolveManual,
  testStrategy,
  checkRecord,
  compareRecords,
  checkpointStatus,
  debug,
  resetCheckpoint,
  completeCheckpoint,
  forceCompleteCheckpoint,
  stopAllOperations,
  resumeAll,
  rollbackAll,
  createFullBackup,
  restoreFromBackup,
  cleanupCheckpoints,
  cleanupStaleCheckpoints,
  cleanupDifferentials,
  testConnections,
  validateConfig,
  validateSource,
  analyzeRelationships,
  repairRelationships,
  validateUuidMappings,
  repairUuidMappings,
  analyzeSize,
  ...WATCHING,
  cutOver,
];

/** The operation of an execution input's `command`, if there is one. */
export const operationOf = (command: string): Operation | undefined =>
  CATALOGUE_OF_OPERATIONS.find((op) => commandOf(op) === command);
