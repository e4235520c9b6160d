/**
 * One row a Task: its name is the state, the file `functions/AREA/kebab-case.ts` and the contract. What a function may do
 * follows from its row, so least privilege is read here and nowhere else.
 */
import type { IFunction } from 'aws-cdk-lib/aws-lambda';

export interface Step {
  /** For the console: the state's and the function's description. */
  readonly purpose: string;
  /** Whether it may read the secret of the source; the ledger in the target is every step's. */
  readonly readsSource: boolean;
  readonly memoryMib: number;
  /** Its work is one snapshot, or one reading of a file, and cannot be cut into budgets: it has all the time that a function may take. */
  readonly unbroken: boolean;
  /** What it does with objects of the bucket; null: nothing. */
  readonly bucket: 'reads' | 'writes' | null;
  /** Whether it draws pages: what that takes lies beside its bundle, and is loaded where a page is asked for. */
  readonly draws: boolean;
}

/** Rows stream through it: 1769 MiB is where Lambda gives a whole core. */
const MOVES_ROWS = 1769;
/** It asks and records; the database does the work. */
const ASKS = 512;

const step = (purpose: string, readsSource: boolean, memoryMib: number, unbroken = false): Step => ({
  purpose,
  readsSource,
  memoryMib,
  unbroken,
  bucket: null,
  draws: false,
});
/** A step that works on a file of the bucket. */
const onFile = (bucket: NonNullable<Step['bucket']>, made: Step): Step => ({ ...made, bucket });
/** A step whose answer may be a page, or too large for a state. */
const reports = (made: Step): Step => ({ ...onFile('writes', made), draws: true });
const UNBROKEN = true;

export const MIGRATION_STEPS = {
  PlanMigration: step('Checks the request, opens the operation and puts the entities into waves', true, ASKS),
  EstimateEntity: step('Counts what a real run would do with one entity; writes nothing', true, ASKS),
  PrepareEntity: step('Takes the lease of one entity and cuts its keys into slices', true, ASKS),
  MigrateSlice: step('Carries batches of one slice until its time budget ends', true, MOVES_ROWS),
  LinkReferences: step('Fills references that had to wait for their parents', true, MOVES_ROWS),
  MigrateCycle: step('Carries entities that refer to each other, together', true, MOVES_ROWS),
  FinishEntity: step('Completes the checkpoint of one entity and gives its lease back', true, ASKS),
  DeleteRows: step(
    'Deletes or marks rows that the source lost, children first, when all entities were carried',
    true,
    ASKS,
  ),
  FailDeletes: step('Records why deletions ended, so that the gate can judge', false, ASKS),
  FailSlice: step('Records why a slice ended, so that the gate can judge', false, ASKS),
  FailEntity: step('Records why an entity ended, so that the gate can judge', false, ASKS),
  FinishMigration: step(
    'The gate: settles what waited for other entities, then answers with the counts, or fails with the recorded code',
    true,
    ASKS,
  ),
  FailMigration: step('Records why the operation failed and gives its leases back', false, ASKS),
} as const satisfies Record<string, Step>;
export type MigrationStep = keyof typeof MIGRATION_STEPS;

export const VALIDATION_STEPS = {
  FixReferences: step('Sets broken references to what the mapping proves, where that is asked for', true, MOVES_ROWS),
  PlanValidation: step('Checks the request, opens the operation and cuts what is to be read into pieces', true, ASKS),
  CheckIntegrity: step('Compares keys, values and references of one piece on both sides', true, MOVES_ROWS),
  CheckRelationships: step(
    'Compares references with those of the source, and mappings with the identity of their rows',
    true,
    MOVES_ROWS,
  ),
  CheckCompleteness: step('Compares the keys of one piece, both ways', true, MOVES_ROWS),
  CheckPerformance: step('Holds the last run of one entity against the limits that are set', true, ASKS),
  FailPiece: step('Records why a piece could not be read, so that the gate can judge', false, ASKS),
  Judge: reports(step('The gate: says match only where the ledger shows that everything was read', true, ASKS)),
  FailValidation: step('Records why the validation failed', false, ASKS),
} as const satisfies Record<string, Step>;
export type ValidationStep = keyof typeof VALIDATION_STEPS;
export const RECOVERY_STEPS = {
  PlanRecovery: onFile(
    'reads',
    step('Checks the request, opens the operation and says what there is to do', true, ASKS),
  ),
  EstimateRecovery: onFile('reads', step('Counts what a real run would do; writes nothing', true, ASKS, UNBROKEN)),
  VerifyBackup: onFile(
    'reads',
    step('Proves that the file is as it was written, before any row is', false, MOVES_ROWS, UNBROKEN),
  ),
  RollbackSlice: step('Takes batches back, the last one first, until its time budget ends', true, ASKS),
  BackupSlice: onFile(
    'writes',
    step('Writes rows and their mappings into the file, within one snapshot', true, MOVES_ROWS, UNBROKEN),
  ),
  RestoreSlice: onFile('reads', step('Brings rows of the file back until its time budget ends', true, MOVES_ROWS)),
  FailRecoverySlice: step('Records why an item ended, so that the gate can judge', false, ASKS),
  FinishRecovery: step('The gate: answers with the counts, or fails with the recorded code', true, ASKS),
  FailRecovery: step('Records why the operation failed and gives its leases back', false, ASKS),
} as const satisfies Record<string, Step>;
export type RecoveryStep = keyof typeof RECOVERY_STEPS;
export const SYNCHRONIZATION_STEPS = {
  BeginRun: step('Decides whether the run may begin now, and opens its operation', true, ASKS),
  DetectChanges: step('Takes an entity and finds out where its changes are', true, ASKS),
  ApplyChanges: step('Classifies, settles and writes changes until its time budget ends', true, MOVES_ROWS),
  ApplyCircle: step('The same for entities that refer to each other, together', true, MOVES_ROWS),
  LinkReferences: step('Fills references that had to wait for their parents', true, MOVES_ROWS),
  FinishEntity: step('Completes the checkpoint of one entity and gives its lease back', true, ASKS),
  DeleteRows: step('Deletes or marks rows that the source lost, children first', true, ASKS),
  ValidateTouched: step('Compares what the run wrote with the source', true, MOVES_ROWS),
  FailDetection: step('Records why the changes of an entity could not be looked for', false, ASKS),
  FailChanges: step('Records why a lane of an entity ended', false, ASKS),
  FailEntity: step('Records why an entity ended', false, ASKS),
  FailDeletes: step('Records why deletions ended', false, ASKS),
  FailValidation: step('Records why written rows could not be compared', false, ASKS),
  FinishRun: step('The gate: answers with the counts, or fails with the recorded code', true, ASKS),
  FailSynchronization: step('Records why the run failed and gives its leases back', false, ASKS),
} as const satisfies Record<string, Step>;
export type SynchronizationStep = keyof typeof SYNCHRONIZATION_STEPS;

export const RESOLUTION_STEPS = {
  PlanResolution: onFile(
    'writes',
    step(
      'Checks what is asked, opens the operation, and backs up first where that is wanted',
      true,
      MOVES_ROWS,
      UNBROKEN,
    ),
  ),
  ResolveBatch: step('Settles open conflicts of one entity until its time budget ends', true, MOVES_ROWS),
  DeleteRows: step('Deletes or marks rows whose deletion in the source was decided to count', true, ASKS),
  FailBatch: step('Records why the conflicts of an entity could not be settled', false, ASKS),
  FailDeletes: step('Records why deletions ended', false, ASKS),
  FinishResolution: step('The gate: what was settled by which rule, and what is open still', true, ASKS),
  FailResolution: step('Records why the resolution failed and gives its leases back', false, ASKS),
} as const satisfies Record<string, Step>;
export type ResolutionStep = keyof typeof RESOLUTION_STEPS;

export const OPERATION_STEPS = {
  InspectLedger: reports(step('Answers the short commands that only look', true, ASKS)),
  InspectRows: step('Looks through whole entities, a range of keys at a time; writes nothing', true, MOVES_ROWS),
  RepairRows: step(
    'Mends references or mappings, a range of keys at a time, so that it can be rolled back',
    true,
    MOVES_ROWS,
  ),
  FailOperation: step('Records why an operation of this machine failed and gives its leases back', false, ASKS),
  SampleResources: step('Looks once for the commands that watch for a while; a Wait calls it again', true, MOVES_ROWS),
  ChangeLedger: step('Carries out the short commands that settle checkpoints', true, ASKS),
  ManageSchedules: step(
    'Creates, changes and checks synchronization jobs, and the schedules that start them',
    false,
    ASKS,
  ),
  StopOperations: step('Stops every running operation, and shuts out workers that do not stop', true, ASKS),
} as const satisfies Record<string, Step>;
export type OperationStep = keyof typeof OPERATION_STEPS;

/** What AWS calls beside the machines: a deployment, and EventBridge. */
export const ENVIRONMENT_STEPS = {
  ApplyLedger: step('Brings the ledger to this version when the environment is deployed', false, ASKS),
  RecordEnd: step(
    'Records executions that ended without recording it themselves, and gives their leases back',
    false,
    ASKS,
  ),
} as const satisfies Record<string, Step>;
export type EnvironmentStep = keyof typeof ENVIRONMENT_STEPS;

/** Where a definition gets its functions from: the deployed ones, or stable names when it is only extracted. */
export type FunctionOf<Name extends string> = (name: Name) => IFunction;

/** `MigrateSlice` is in `functions/migration/migrate-slice.ts`. */
export const fileOf = (area: string, name: string): string =>
  `functions/${area}/${name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()}.ts`;
