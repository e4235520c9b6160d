/**
 * The error catalogue: every code that a user can meet, in one table. Retry and Catch lists of the state machines, exit
 * codes of the command line and docs/error-codes.md are all derived from it, so they cannot disagree.
 */

/** `transient`: the same call may succeed later and is retried by the state machine. `never`: it will fail again. */
type RetryClass = 'transient' | 'never';

interface CatalogueEntry {
  readonly title: string;
  readonly retry: RetryClass;
  /** Exit status of the command line: 1 something was found wrong, 2 usage or configuration, 3 could not finish. */
  readonly exit: 1 | 2 | 3;
  /** What the reader should do next, when the place that raised the error knows nothing better. */
  readonly next: string;
}

const entry = (title: string, retry: RetryClass, exit: 1 | 2 | 3, next: string): CatalogueEntry => ({
  title,
  retry,
  exit,
  next,
});

export const CATALOGUE = {
  M001: entry(
    'Checkpoint creation failed',
    'never',
    3,
    'See who owns the checkpoint: portage migration-analyzer checkpoint-status --status in_progress',
  ),
  M002: entry(
    'Batch processing timeout',
    'transient',
    3,
    'Increase the batch timeout (settings.batchTimeoutMs) or reduce --batch-size, then resume.',
  ),
  M003: entry(
    'Foreign key constraint violation',
    'never',
    3,
    'Check the order and the references of the entities: portage differential-migration explain --entity NAME',
  ),
  M004: entry(
    'UUID mapping conflict',
    'never',
    3,
    'A target row stands for this key already, and its mapping says otherwise. Look at both rows before deciding.',
  ),
  M005: entry(
    'Resume operation failed',
    'never',
    3,
    'Start a new run with: portage differential-migration migrate --entities NAME',
  ),
  M006: entry(
    'Mass deletion stopped',
    'never',
    3,
    'If so many rows were really deleted in the source, allow it: --allow-deletes N or P%.',
  ),
  M007: entry(
    'Entities that must be loaded together cannot be',
    'never',
    3,
    'Make one reference of the cycle nullable, or its constraint DEFERRABLE, or raise settings.closureRows.',
  ),
  M008: entry(
    'A referenced entity is not part of the run and has no rows yet',
    'never',
    2,
    'Add --dependency-order, name its parents in --entities too, or migrate all.',
  ),
  M009: entry(
    'A slice did not advance',
    'never',
    3,
    'Resume the operation; if it happens again, report it with the range that is named.',
  ),
  M010: entry(
    'Write conflict with another session',
    'transient',
    3,
    'Resume the operation: everything that was committed stays.',
  ),
  M011: entry(
    'Fenced off',
    'never',
    3,
    'Another worker has taken over this entity; nothing of this worker was written after that.',
  ),
  M012: entry(
    'Row that cannot be written',
    'never',
    1,
    'List the rows set aside: portage differential-migration set-aside --entity all',
  ),
  M013: entry('Stopped on request', 'never', 3, 'Continue with: portage differential-migration resume --entity all'),
  M014: entry(
    'Conflicts are open',
    'never',
    1,
    'Look at them, and settle them: portage conflict-resolver status --unresolved-only',
  ),
  M015: entry(
    'Schema changed during the run',
    'never',
    3,
    'Check the map against the schema: portage migration-analyzer validate-config. Then start a new run: portage differential-migration migrate --entities NAME',
  ),
  M016: entry(
    'Operations are held',
    'never',
    3,
    'Lift the hold, and continue what was stopped: portage migration-analyzer resume-all',
  ),
  M017: entry(
    'Not undoable',
    'never',
    2,
    'See what can be taken back: portage differential-migration rollback-entity --entity NAME --all --dry-run',
  ),
  M018: entry(
    'Worker lost',
    'never',
    3,
    'Continue what it left: portage differential-migration resume --entity all; a rollback by giving its command again.',
  ),
  M020: entry('Backup file refused', 'never', 2, 'Use another backup; nothing was written.'),
  M021: entry(
    'Backup was not completed',
    'never',
    3,
    'Nothing stands under its name. Make the backup again, with fewer --entities or from a machine without the limit that is named.',
  ),
  S001: entry('Sync job creation failed', 'never', 2, 'Correct the schedule or the configuration of the job.'),
  S002: entry(
    'Job execution timeout',
    // The run is over; what is tried again is the next run.
    'never',
    3,
    'Increase the timeout of the job; the next run continues at the batch border.',
  ),
  S003: entry(
    'Concurrent job limit exceeded',
    'never',
    3,
    'Wait for running jobs to complete: portage sync-scheduler list-jobs --status running',
  ),
  S004: entry('Schedule parsing error', 'never', 2, 'Use cron of five fields, rate(...), or hourly, daily, weekly.'),
  S005: entry('Conflict resolution failed', 'never', 1, 'Choose another strategy, or resolve the row by hand.'),
  S006: entry(
    'Synchronization run lost',
    'never',
    3,
    'Its execution was killed, or its machine went down. The next run does what it left: portage sync-scheduler run-job --name NAME --manual',
  ),
  V001: entry(
    'Data integrity check failed',
    'never',
    1,
    'See the differences: portage data-validator validate --type data_integrity --verbose',
  ),
  V002: entry(
    'Relationship validation failed',
    'never',
    1,
    'See the relationships: portage migration-analyzer analyze-relationships --broken-only',
  ),
  V003: entry(
    'Completeness check failed',
    'never',
    1,
    'Migrate what is missing: portage differential-migration migrate --mode missing-only',
  ),
  V004: entry(
    'Performance validation failed',
    'never',
    1,
    'See where the time goes: portage migration-analyzer analyze-performance --last-run',
  ),
  V005: entry(
    'Record-level validation failed',
    'never',
    1,
    'Look at the record: portage migration-analyzer compare-records --entity NAME --legacy-id KEY',
  ),
  SYS001: entry(
    'Database connection failed',
    'transient',
    3,
    'Check host, port, user, password and network: portage migration-analyzer test-connections --verbose',
  ),
  SYS002: entry(
    'Configuration validation failed',
    'never',
    2,
    'Correct what is named: portage migration-analyzer validate-config',
  ),
  SYS003: entry(
    'Resource exhaustion',
    'transient',
    3,
    'Lower TARGET_DB_MAX_CONNECTIONS or the batch size, or free the resource that is named.',
  ),
  SYS004: entry('Service initialization failed', 'never', 3, 'See the log file errors-YYYY-MM-DD.log for the cause.'),
  SYS005: entry(
    'Graceful shutdown timeout',
    'never',
    3,
    'Everything that was committed stays and can be resumed: portage migration-analyzer stop-all-operations --force',
  ),
  SYS006: entry(
    'The ledger is newer than this program',
    'never',
    3,
    'Use the version of Portage that wrote it, or a later one. A downgrade is refused.',
  ),
  SYS007: entry(
    'A database refused a statement',
    'never',
    3,
    'See the log file errors-YYYY-MM-DD.log; check rights with: portage migration-analyzer test-connections --verbose',
  ),
  SYS008: entry(
    'Internal error',
    'never',
    3,
    'This is a defect of Portage. See the log file errors-YYYY-MM-DD.log and report it.',
  ),
  SYS009: entry(
    'Not deployed',
    'never',
    2,
    'Deploy the environment: npx cdk deploy --all -c env=NAME; or look whether account and region are the right ones.',
  ),
  SYS010: entry(
    'AWS refuses',
    'never',
    3,
    'Sign in with a role that may do this, and look whether account and region are the right ones.',
  ),
  SYS011: entry('AWS does not answer', 'transient', 3, 'Run the command again in some minutes.'),
  SYS012: entry(
    'More than one execution has room for',
    'never',
    2,
    'Name some of the entities with --entities, parents first, and the others in a run after it; of a job, make two with fewer entities each.',
  ),
} as const satisfies Record<string, CatalogueEntry>;
