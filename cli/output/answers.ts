/** The answer of each command as a person reads it; a command without a text of its own prints its JSON. */
import type * as z from 'zod';
import {
  checkpointStatus,
  checkpointStatusAnswer,
} from '../../shared/operations/migration-analyzer/checkpoint-status.ts';
import { debug, debugAnswer } from '../../shared/operations/migration-analyzer/debug.ts';
import { connectionsAnswer, testConnections } from '../../shared/operations/migration-analyzer/test-connections.ts';
import { configAnswer, validateConfig } from '../../shared/operations/migration-analyzer/validate-config.ts';
import { analyze, analyzeAnswer } from '../../shared/operations/differential-migration/analyze.ts';
import {
  completeCheckpoint,
  completeCheckpointAnswer,
} from '../../shared/operations/migration-analyzer/complete-checkpoint.ts';
import {
  forceCompleteCheckpoint,
  forceCompleteCheckpointAnswer,
} from '../../shared/operations/migration-analyzer/force-complete-checkpoint.ts';
import { resetCheckpoint, resetCheckpointAnswer } from '../../shared/operations/migration-analyzer/reset-checkpoint.ts';
import { resumeAll } from '../../shared/operations/migration-analyzer/resume-all.ts';
import {
  stopAllOperations,
  stopAllOperationsAnswer,
} from '../../shared/operations/migration-analyzer/stop-all-operations.ts';
import {
  cleanupCheckpoints,
  cleanupCheckpointsAnswer,
} from '../../shared/operations/migration-analyzer/cleanup-checkpoints.ts';
import {
  cleanupDifferentials,
  cleanupDifferentialsAnswer,
} from '../../shared/operations/migration-analyzer/cleanup-differentials.ts';
import {
  cleanupStaleAnswer,
  cleanupStaleCheckpoints,
} from '../../shared/operations/migration-analyzer/cleanup-stale-checkpoints.ts';
import { explain, explainAnswer } from '../../shared/operations/differential-migration/explain.ts';
import { exportMapping, exportMappingAnswer } from '../../shared/operations/differential-migration/export-mapping.ts';
import { init, initAnswer } from '../../shared/operations/differential-migration/init.ts';
import { migrate } from '../../shared/operations/differential-migration/migrate.ts';
import { resetEntity } from '../../shared/operations/differential-migration/reset-entity.ts';
import { resume } from '../../shared/operations/differential-migration/resume.ts';
import { setAside } from '../../shared/operations/differential-migration/set-aside.ts';
import { judgeOutput } from '../../shared/contracts/validation.ts';
import { recordsAnswer } from '../../shared/operations/compared-records.ts';
import { checkRecord } from '../../shared/operations/data-validator/check-record.ts';
import { compareRecords } from '../../shared/operations/migration-analyzer/compare-records.ts';
import { validate } from '../../shared/operations/data-validator/validate.ts';
import { rollback } from '../../shared/operations/differential-migration/rollback.ts';
import { rollbackEntity } from '../../shared/operations/differential-migration/rollback-entity.ts';
import { createFullBackup } from '../../shared/operations/migration-analyzer/create-full-backup.ts';
import { restoreFromBackup } from '../../shared/operations/migration-analyzer/restore-from-backup.ts';
import { rollbackAll } from '../../shared/operations/migration-analyzer/rollback-all.ts';
import { analyzeSize, sizeAnswer } from '../../shared/operations/data-validator/analyze-size.ts';
import {
  analyzeRelationships,
  relationshipsAnswer,
} from '../../shared/operations/migration-analyzer/analyze-relationships.ts';
import {
  repairRelationships,
  repairRelationshipsAnswer,
} from '../../shared/operations/migration-analyzer/repair-relationships.ts';
import {
  repairMappingsAnswer,
  repairUuidMappings,
} from '../../shared/operations/migration-analyzer/repair-uuid-mappings.ts';
import { sourceAnswer, validateSource } from '../../shared/operations/migration-analyzer/validate-source.ts';
import {
  mappingsAnswer,
  validateUuidMappings,
} from '../../shared/operations/migration-analyzer/validate-uuid-mappings.ts';
import { finishMigrationOutput } from '../../shared/contracts/migration.ts';
import { finishRecoveryOutput } from '../../shared/contracts/recovery.ts';
import { finishRunOutput } from '../../shared/contracts/synchronization.ts';
import { testStrategyAnswer } from '../../shared/contracts/resolution.ts';
import {
  analyzeConflicts,
  analyzeConflictsAnswer,
} from '../../shared/operations/conflict-resolver/analyze-conflicts.ts';
import { resolve, resolveAnswer } from '../../shared/operations/conflict-resolver/resolve.ts';
import { resolveManual } from '../../shared/operations/conflict-resolver/resolve-manual.ts';
import { conflictStatus, conflictStatusAnswer } from '../../shared/operations/conflict-resolver/status.ts';
import { testStrategy } from '../../shared/operations/conflict-resolver/test-strategy.ts';
import { runJob } from '../../shared/operations/sync-scheduler/run-job.ts';
import { cutOver } from '../../shared/operations/cut-over.ts';
import { commandOf, type Operation } from '../../shared/operations/operation.ts';
import {
  analyzePerformance,
  jobPerformanceAnswer,
} from '../../shared/operations/sync-scheduler/analyze-performance.ts';
import { createJob } from '../../shared/operations/sync-scheduler/create-job.ts';
import { deleteJob } from '../../shared/operations/sync-scheduler/delete-job.ts';
import { healthCheck, healthCheckAnswer } from '../../shared/operations/sync-scheduler/health-check.ts';
import { changedJob, changedJobs } from '../../shared/operations/sync-scheduler/job.ts';
import { jobStatus, jobStatusAnswer } from '../../shared/operations/sync-scheduler/job-status.ts';
import { listJobs, listJobsAnswer } from '../../shared/operations/sync-scheduler/list-jobs.ts';
import { pauseAllJobs } from '../../shared/operations/sync-scheduler/pause-all-jobs.ts';
import { pauseJob } from '../../shared/operations/sync-scheduler/pause-job.ts';
import { restartScheduler, restartSchedulerAnswer } from '../../shared/operations/sync-scheduler/restart-scheduler.ts';
import { resumeAllJobs } from '../../shared/operations/sync-scheduler/resume-all-jobs.ts';
import { resumeJob } from '../../shared/operations/sync-scheduler/resume-job.ts';
import { start, startAnswer } from '../../shared/operations/sync-scheduler/start.ts';
import { updateJob } from '../../shared/operations/sync-scheduler/update-job.ts';
import type { Io, Paint } from '../io.ts';
import { analyzeText } from './analyze.ts';
import { asideText } from './aside.ts';
import { backupText, restoreText } from './backup.ts';
import { checkpointsText } from './checkpoints.ts';
import { connectionsText } from './reach.ts';
import { conflictStatusText, patternsText, resolveText, triedText } from './conflicts.ts';
import { cleanupCheckpointsText, cleanupDifferentialsText, cleanupStaleText } from './cleanup.ts';
import { cutOverText } from './cut-over.ts';
import { debugText } from './debug.ts';
import { changedJobsText, changedJobText, deletedJobText, jobsText, jobStatusText } from './jobs.ts';
import { foldingIo } from './folding-io.ts';
import { migrationText } from './migration.ts';
import { recoveryText } from './recovery.ts';
import { mappingsText, relationshipsText, repairMappingsText, repairRelationshipsText } from './relationships.ts';
import { sizeText, sourceText } from './source.ts';
import { completeText, forceCompleteText, resetText, stopText } from './ownership.ts';
import { runText } from './synchronization.ts';
import { healthText, performanceText, restartText } from './scheduler.ts';
import { recordsText } from './records.ts';
import { number, rowsOf } from './table.ts';
import { validationText } from './validation.ts';
import { WATCHING_PRINTS } from './watching.ts';

type Print = (answer: unknown, io: Io) => void;

const text =
  <Schema extends z.ZodType>(schema: Schema, render: (answer: z.output<Schema>, paint: Paint) => string): Print =>
  (answer, io) =>
    io.out(render(schema.parse(answer), io.paint));

const migrationPrint = text(finishMigrationOutput, migrationText);
const recoveryPrint = text(finishRecoveryOutput, recoveryText);

const changedJobPrint = text(changedJob, (answer, paint) => changedJobText(answer, paint));

function printAside(answer: unknown, io: Io): void {
  io.out(asideText(setAside.answer.parse(answer), io.paint));
}

const PRINTS: ReadonlyMap<string, Print> = new Map([
  [commandOf(migrate), migrationPrint],
  [commandOf(resume), migrationPrint],
  [commandOf(setAside), printAside],
  [commandOf(resetEntity), migrationPrint],
  [commandOf(resumeAll), migrationPrint],
  [commandOf(cleanupCheckpoints), text(cleanupCheckpointsAnswer, cleanupCheckpointsText)],
  [commandOf(cleanupStaleCheckpoints), text(cleanupStaleAnswer, cleanupStaleText)],
  [commandOf(cleanupDifferentials), text(cleanupDifferentialsAnswer, cleanupDifferentialsText)],
  [commandOf(rollback), recoveryPrint],
  [commandOf(rollbackEntity), recoveryPrint],
  [commandOf(rollbackAll), recoveryPrint],
  [commandOf(createFullBackup), text(finishRecoveryOutput, backupText)],
  [commandOf(restoreFromBackup), text(finishRecoveryOutput, restoreText)],
  [commandOf(runJob), text(finishRunOutput, runText)],
  [commandOf(conflictStatus), text(conflictStatusAnswer, conflictStatusText)],
  [commandOf(analyzeConflicts), text(analyzeConflictsAnswer, patternsText)],
  [commandOf(testStrategy), text(testStrategyAnswer, triedText)],
  [commandOf(resolve), text(resolveAnswer, resolveText)],
  [commandOf(resolveManual), text(resolveAnswer, resolveText)],
  [commandOf(checkpointStatus), text(checkpointStatusAnswer, checkpointsText)],
  [commandOf(testConnections), text(connectionsAnswer, connectionsText)],
  [commandOf(validateConfig), text(configAnswer, configText)],
  [commandOf(resetCheckpoint), text(resetCheckpointAnswer, resetText)],
  [commandOf(completeCheckpoint), text(completeCheckpointAnswer, completeText)],
  [commandOf(forceCompleteCheckpoint), text(forceCompleteCheckpointAnswer, forceCompleteText)],
  [commandOf(stopAllOperations), text(stopAllOperationsAnswer, stopText)],
  [commandOf(explain), text(explainAnswer, explainText)],
  [commandOf(init), printDraft],
  [commandOf(exportMapping), text(exportMappingAnswer, exportText)],
  [commandOf(debug), text(debugAnswer, debugText)],
  [commandOf(checkRecord), text(recordsAnswer, recordsText)],
  [commandOf(compareRecords), text(recordsAnswer, recordsText)],
  [commandOf(validate), text(judgeOutput, validationText)],
  [commandOf(cutOver), text(judgeOutput, cutOverText)],
  [commandOf(analyze), text(analyzeAnswer, analyzeText)],
  [commandOf(createJob), changedJobPrint],
  [commandOf(updateJob), changedJobPrint],
  [commandOf(pauseJob), changedJobPrint],
  [commandOf(resumeJob), changedJobPrint],
  [commandOf(deleteJob), text(changedJob, deletedJobText)],
  [commandOf(pauseAllJobs), text(changedJobs, (answer) => changedJobsText(answer, 'paused'))],
  [commandOf(resumeAllJobs), text(changedJobs, (answer) => changedJobsText(answer, 'resumed'))],
  [commandOf(listJobs), text(listJobsAnswer, (answer, paint) => jobsText(answer, paint))],
  [commandOf(jobStatus), text(jobStatusAnswer, (answer, paint) => jobStatusText(answer, paint))],
  [commandOf(healthCheck), text(healthCheckAnswer, healthText)],
  [commandOf(analyzePerformance), text(jobPerformanceAnswer, performanceText)],
  [commandOf(restartScheduler), text(restartSchedulerAnswer, restartText)],
  [commandOf(start), text(startAnswer, ({ message }) => `${message}\n`)],
  [commandOf(analyzeRelationships), text(relationshipsAnswer, relationshipsText)],
  [commandOf(repairRelationships), text(repairRelationshipsAnswer, repairRelationshipsText)],
  [commandOf(validateUuidMappings), text(mappingsAnswer, mappingsText)],
  [commandOf(repairUuidMappings), text(repairMappingsAnswer, repairMappingsText)],
  [commandOf(validateSource), text(sourceAnswer, sourceText)],
  [commandOf(analyzeSize), text(sizeAnswer, sizeText)],
  ...WATCHING_PRINTS,
]);

/** A map and SQL: another line would be another text. */
const TO_BE_PASTED: ReadonlySet<Operation> = new Set<Operation>([init, explain]);

/** Prints an answer; where it goes is the command's own choice, so that a draft can be redirected into a file. */
export function printAnswer(op: Operation, answer: unknown, io: Io): void {
  const print = PRINTS.get(commandOf(op));
  if (print === undefined) io.out(`${JSON.stringify(answer, null, 2)}\n`);
  else print(answer, { ...foldingIo(io), ...(TO_BE_PASTED.has(op) ? { out: (text) => io.out(text) } : {}) });
}

function configText(answer: z.output<typeof configAnswer>, paint: Paint): string {
  const lines = [
    `${paint('green', 'The configuration holds.')} Map ${answer.map}, ${answer.entities.length} entities: ${answer.entities.join(', ')}`,
    ...answer.notes,
  ];
  return `${lines.join('\n')}\n`;
}

function exportText({ output, rows, entities }: z.output<typeof exportMappingAnswer>): string {
  return `${rowsOf(rows)} in ${output}: ${entities.map((one) => `${one.entity} ${number(one.rows)}`).join(', ')}\n`;
}

/** Plain SQL with comments, so that it can be pasted. */
function explainText({ entities }: z.output<typeof explainAnswer>): string {
  const parts = entities.flatMap(({ entity, statements }) =>
    statements.map(
      ({ side, purpose, sql }) => `-- ${entity}, ${side}: ${purpose}\n${sql.trim().replace(/;?$/, ';')}\n`,
    ),
  );
  return parts.join('\n');
}

function printDraft(answer: unknown, io: Io): void {
  const draft = initAnswer.parse(answer);
  if (draft.map !== undefined) io.out(`${JSON.stringify(draft.map, null, 2)}\n`);
  if (draft.roles !== undefined) io.out(`${draft.roles.trim()}\n`);
  for (const note of draft.notes) io.err(`${note}\n`);
}
