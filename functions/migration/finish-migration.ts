/** The gate: what the steps recorded becomes one answer, or the error that the execution ends with. */
import {
  finishMigrationInput,
  type FinishMigrationInput,
  type FinishMigrationOutput,
  finishMigrationOutput,
  migrationRequest,
} from '../../shared/contracts/migration.ts';
import { canonicalKeys } from '../../shared/database/engine/legacy-keys.ts';
import { absentKeys } from '../../shared/database/engine/listed.ts';
import { loadMap, type LoadedMap } from '../../shared/database/engine/load-entities.ts';
import { ledgerVersion } from '../../shared/database/ledger/apply.ts';
import { checkpointsOf } from '../../shared/database/ledger/checkpoints.ts';
import { endOperation } from '../../shared/database/ledger/operations.ts';
import { summarize } from '../../shared/database/ledger/progress.ts';
import { PortageError, isErrorCode } from '../../shared/domain/errors.ts';
import { quoteIdentifier } from '../../shared/domain/identifiers.ts';
import { listedRowsOf } from '../../shared/domain/listed-rows.ts';
import { messageOf } from '../../shared/domain/state-error.ts';
import { completeWaiting, firstFailure, ignoredOf, isComplete, refuseLate, wantedOf } from '../conclude.ts';
import type { Sides } from '../dependencies.ts';
import { step, type Invocation } from '../step.ts';

type Input = FinishMigrationInput;

const NOT_TRIED =
  'Read only: failures that only writing can find (unique, foreign key, check, trigger) were not tried. Rows of parents count as written.';

const NOT_COMPLETE = 'Not every entity is complete. Continue with: portage differential-migration resume --entity all';

async function dryRun(input: Input, deps: Invocation): Promise<FinishMigrationOutput> {
  const failed = input.estimates?.flatMap((estimate) => ('error' in estimate ? [estimate] : [])) ?? [];
  const [first] = failed;
  if (first)
    throw new PortageError(isErrorCode(first.error.Error) ? first.error.Error : 'SYS008', messageOf(first.error), {
      where: first.entity,
    });
  const entities = Object.fromEntries(
    (input.estimates ?? []).flatMap((estimate) =>
      'counts' in estimate ? [[estimate.entity, { ...estimate.counts, durationMs: 0 }]] : [],
    ),
  );
  const request = migrationRequest.parse(input.request);
  const forced = 'forceRecords' in request ? request.forceRecords : undefined;
  const [only] = Object.keys(entities);
  const notFound =
    forced === undefined || only === undefined
      ? []
      : await deps.withSides('dry-run:finish', [], async (sides) => {
          const ledger = (await ledgerVersion(sides.target)) === 0 ? 'none' : 'read';
          const loaded = await loadMap(sides.source, sides.target, await deps.configuredMap(), ledger);
          const keys = await canonicalKeys(sides.source, loaded, only, forced);
          return absentIn(sides, loaded, only, keys);
        });
  return {
    operationId: input.operationId,
    batchId: null,
    dryRun: true,
    status: statusOf(entities, notFound),
    entities,
    ...withNotFound(notFound),
    notes: [
      ...input.plan.notices,
      ...(input.estimates?.flatMap((one) => ('counts' in one ? one.notes : [])) ?? []),
      NOT_TRIED,
    ],
  };
}

/** Of named rows: those that the source does not have. */
async function absentIn(
  sides: Sides,
  loaded: LoadedMap,
  name: string,
  keys: readonly string[],
): Promise<readonly string[]> {
  const entity = loaded.entities.get(name);
  if (!entity) return [];
  await sides.source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entity.source.schema)}`);
  return absentKeys(sides.source, entity, keys);
}

const withNotFound = (keys: readonly string[]): { notFound?: string[] } =>
  keys.length === 0 ? {} : { notFound: [...keys] };

const statusOf = (
  entities: FinishMigrationOutput['entities'],
  notFound: readonly string[],
): 'completed' | 'completed_with_findings' =>
  notFound.length > 0 || Object.values(entities).some((counts) => counts.setAside > 0 || counts.conflicts > 0)
    ? 'completed_with_findings'
    : 'completed';

const nothing = (notices: readonly string[]): FinishMigrationOutput => ({
  operationId: '',
  batchId: null,
  dryRun: false,
  status: 'completed',
  entities: {},
  notes: [...notices, 'nothing to resume'],
});

export async function finishMigration(input: Input, deps: Invocation): Promise<FinishMigrationOutput> {
  if (input.estimates !== undefined) return dryRun(input, deps);
  if (input.operationId === '') return nothing(input.plan.notices);
  return deps.withSides(`${input.operationId}:finish`, [], async (sides) => {
    const loaded = await deps.loadOperation(sides, input.operationId);
    refuseLate(loaded.operation, input.execution);
    await completeWaiting(sides, loaded, deps);
    const { operation } = loaded;
    const entities = await summarize(sides.target, operation.operationId);
    const checkpoints = await checkpointsOf(sides.target, operation.operationId);
    const failure = firstFailure(checkpoints, (await deps.loadOperation(sides, input.operationId)).operation.notes);
    if (failure) throw failure;
    const complete = isComplete(wantedOf(operation.request['entities'], loaded), checkpoints, input.plan.entities);
    const listed = listedRowsOf(operation.request);
    const notFound =
      listed?.kind === 'force' ? await absentIn(sides, loaded, checkpoints[0]?.entity ?? '', listed.keys) : [];
    const status = complete ? statusOf(entities, notFound) : 'stopped';
    await endOperation(sides.target, operation.operationId, status, entities, null);
    const ignored = await ignoredOf(sides.target, operation.operationId);
    const left = checkpoints.some((c) => c.status === 'pending' || c.status === 'stopped');
    const notes = [...operation.notes, ...ignored, ...input.plan.notices, ...(left ? [NOT_COMPLETE] : [])];
    return {
      operationId: operation.operationId,
      batchId: operation.batchLabel,
      dryRun: false,
      status,
      entities,
      ...withNotFound(notFound),
      notes,
    };
  });
}

export const handler = step(
  'FinishMigration',
  { input: finishMigrationInput, output: finishMigrationOutput },
  finishMigration,
);
