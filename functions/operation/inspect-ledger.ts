/** The short commands that look, or note a decision in the ledger. Each is a file of its own in inspect/; here its input is checked and it is called. */
import { shortCommandInput, shortCommandOutput } from '../../shared/contracts/operation.ts';
import { failureText } from '../../shared/operations/failure.ts';
import { analyzeSize as analyzeSizeCommand } from '../../shared/operations/data-validator/analyze-size.ts';
import { analyze as analyzeCommand } from '../../shared/operations/differential-migration/analyze.ts';
import { explain as explainCommand } from '../../shared/operations/differential-migration/explain.ts';
import { exportMapping as exportMappingCommand } from '../../shared/operations/differential-migration/export-mapping.ts';
import { init as initCommand } from '../../shared/operations/differential-migration/init.ts';
import { setAside as setAsideCommand } from '../../shared/operations/differential-migration/set-aside.ts';
import { checkRecord as checkRecordCommand } from '../../shared/operations/data-validator/check-record.ts';
import { compareRecords as compareRecordsCommand } from '../../shared/operations/migration-analyzer/compare-records.ts';
import { checkpointStatus as checkpointStatusCommand } from '../../shared/operations/migration-analyzer/checkpoint-status.ts';
import { debug as debugCommand } from '../../shared/operations/migration-analyzer/debug.ts';
import { testConnections as testConnectionsCommand } from '../../shared/operations/migration-analyzer/test-connections.ts';
import { validateConfig as validateConfigCommand } from '../../shared/operations/migration-analyzer/validate-config.ts';
import { analyzePerformance as jobPerformanceCommand } from '../../shared/operations/sync-scheduler/analyze-performance.ts';
import { listJobs as listJobsCommand } from '../../shared/operations/sync-scheduler/list-jobs.ts';
import { analyzeConflicts as analyzeConflictsCommand } from '../../shared/operations/conflict-resolver/analyze-conflicts.ts';
import { resolve as resolveCommand } from '../../shared/operations/conflict-resolver/resolve.ts';
import { resolveManual as resolveManualCommand } from '../../shared/operations/conflict-resolver/resolve-manual.ts';
import { conflictStatus as conflictStatusCommand } from '../../shared/operations/conflict-resolver/status.ts';
import { testStrategy as testStrategyCommand } from '../../shared/operations/conflict-resolver/test-strategy.ts';
import { commandOf } from '../../shared/operations/operation.ts';
import { commandsOf, runShortCommand } from '../short-command.ts';
import { step, type Invocation } from '../step.ts';
import { analyze } from './inspect/analyze.ts';
import { analyzeConflicts } from './inspect/analyze-conflicts.ts';
import { conflictStatus } from './inspect/conflict-status.ts';
import { testStrategy } from './inspect/test-strategy.ts';
import { tryManual } from './inspect/try-manual.ts';
import { analyzeSize } from './inspect/analyze-size.ts';
import { checkpointStatus } from './inspect/checkpoint-status.ts';
import { compareRecord } from './inspect/compare-record.ts';
import { debug } from './inspect/debug.ts';
import { explain } from './inspect/explain.ts';
import { exportMapping } from './inspect/export-mapping.ts';
import { init } from './inspect/init.ts';
import { jobPerformance } from './inspect/job-performance.ts';
import { listJobs } from './inspect/list-jobs.ts';
import { WATCHING } from './inspect/watching.ts';
import { setAside } from './inspect/set-aside.ts';
import { testConnections } from './inspect/test-connections.ts';
import { environmentFault, validateConfig } from './inspect/validate-config.ts';

const INSPECTIONS = commandsOf(
  [conflictStatusCommand, conflictStatus],
  [analyzeConflictsCommand, analyzeConflicts],
  [testStrategyCommand, testStrategy],
  [resolveCommand, testStrategy],
  [resolveManualCommand, tryManual],
  [checkpointStatusCommand, checkpointStatus],
  [testConnectionsCommand, testConnections],
  [validateConfigCommand, validateConfig],
  [explainCommand, explain],
  [initCommand, init],
  [setAsideCommand, setAside],
  [exportMappingCommand, exportMapping],
  [debugCommand, debug],
  [analyzeCommand, analyze],
  [listJobsCommand, listJobs],
  [jobPerformanceCommand, jobPerformance],
  [checkRecordCommand, compareRecord],
  [compareRecordsCommand, compareRecord],
  [analyzeSizeCommand, analyzeSize],
  ...WATCHING,
);

export const inspectLedger = (input: { readonly command: string }, deps: Invocation): Promise<unknown> =>
  runShortCommand(INSPECTIONS, input, deps);

const inspect = step('InspectLedger', { input: shortCommandInput, output: shortCommandOutput }, inspectLedger);

/** `validate-config` reports what keeps every other step, and so its own, from beginning; told as a step tells its errors. */
export const handler: typeof inspect = async (event, context) => {
  const parsed = shortCommandInput.safeParse(event);
  if (parsed.data?.command === commandOf(validateConfigCommand)) {
    const fault = await environmentFault();
    if (fault !== null) throw Object.assign(new Error(failureText(fault), { cause: fault }), { name: fault.code });
  }
  return inspect(event, context);
};
