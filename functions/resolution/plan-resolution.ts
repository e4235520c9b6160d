/** First state of a resolution: checks what is asked, opens the operation, and backs up first where that is wanted. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  planResolutionInput,
  planResolutionOutput,
  resolutionRequest,
  type PlanResolutionOutput,
  type ResolutionRequest,
} from '../../shared/contracts/resolution.ts';
import { runsInLambda } from '../../shared/config.ts';
import { readDatabaseIdentity } from '../../shared/database/catalog/identity.ts';
import { loadMap, mapHash, type LoadedMap } from '../../shared/database/engine/load-entities.ts';
import { applyLedger } from '../../shared/database/ledger/apply.ts';
import { mustFindConflict, type Conflict } from '../../shared/database/ledger/conflicts.ts';
import { openUnlessHeld, refuseHeld } from '../../shared/database/ledger/hold.ts';
import {
  addNote,
  batchLabelAt,
  insertOperation,
  operationOfExecution,
  registerMap,
  type Operation,
} from '../../shared/database/ledger/operations.ts';
import { planCheckpoints } from '../../shared/database/ledger/planned-checkpoints.ts';
import { checkMap, faultsError } from '../../shared/database/map-check/check-map.ts';
import { relationName } from '../../shared/domain/entity-map.ts';
import { eventsOfResolution } from '../../shared/domain/execution-room.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { selectEntities } from '../../shared/domain/select-entities.ts';
import { checkedInput } from '../checked-input.ts';
import { refuseBeyondHistory } from '../history-room.ts';
import type { Sides } from '../dependencies.ts';
import { lanesOf } from '../lane-plan.ts';
import { manualSettlement, refuseChoice } from '../manual-choice.ts';
import { deletesOf, plannedOf } from '../migration-plan.ts';
import { step, type Invocation } from '../step.ts';
import { takeBackup } from '../take-backup.ts';

const EXAMPLE = '{"command": "conflict-resolver resolve", "entity": "patients", "strategy": "source_wins"}';

export async function planResolution(
  input: { execution: string; request: unknown },
  deps: Invocation,
): Promise<PlanResolutionOutput> {
  const request = checkedInput(resolutionRequest, input.request, { example: EXAMPLE });
  if (request.dryRun)
    throw new PortageError('SYS002', 'a dry run changes nothing: it is a command of the machine for short commands', {
      where: 'dryRun',
      got: 'dryRun in the machine that settles conflicts',
      expected: 'the same input in the machine `operation`',
    });
  const map = await deps.configuredMap();
  const schemas = [...new Set(Object.values(map.entities).map((entity) => relationName(entity.source.table).schema))];
  return deps.withSides('plan', schemas, async (sides) => {
    const faults = (await checkMap(sides, map)).filter((fault) => fault.severity === 'fault');
    if (faults.length > 0) throw faultsError(faults);
    await applyLedger(sides.target);
    await refuseHeld(sides.target);
    const loaded = await loadMap(sides.source, sides.target, map, 'register');
    const known = Object.keys(map.entities);
    const conflict =
      request.command === 'conflict-resolver resolve-manual'
        ? await mustFindConflict(sides.target, map.name, request.conflictId)
        : null;
    const names =
      request.command === 'conflict-resolver resolve'
        ? selectEntities(request.entity, known)
        : [conflict?.entity ?? ''];
    if (conflict !== null && request.command === 'conflict-resolver resolve-manual')
      refuseChoice(loaded, conflict, request);
    const deletes = deletesOf(loaded, names, 'differential');
    refuseBeyondHistory(eventsOfResolution(names.length, deletes.length), names.length);
    const operation = await open(sides, loaded, names, request, conflict, input.execution, deps);
    const notices = await backUp(sides, loaded, names, request, operation, deps);
    for (const notice of notices) await addNote(sides.target, operation.operationId, notice);
    return {
      operationId: operation.operationId,
      lanes: lanesOf(map, deps),
      entities: names,
      deletes,
      notices,
    };
  });
}

async function open(
  sides: Sides,
  loaded: LoadedMap,
  names: readonly string[],
  request: ResolutionRequest,
  conflict: Conflict | null,
  execution: string,
  deps: Invocation,
): Promise<Operation> {
  const { target } = sides;
  // The service may run this step twice for one execution.
  const begun = await operationOfExecution(target, execution);
  if (begun?.status === 'running') return begun;
  const hash = mapHash(loaded.map);
  await registerMap(target, loaded.map, hash);
  const sourceDatabase = await readDatabaseIdentity(sides.source);
  return openUnlessHeld(target, async () => {
    const opened = await insertOperation(
      target,
      {
        type: 'resolution',
        execution,
        batchLabel: batchLabelAt(deps.now()),
        mapName: loaded.map.name,
        mapHash: hash,
        mode: 'differential',
        request: {
          ...request,
          entities: names,
          ...(conflict === null || request.command === 'conflict-resolver resolve'
            ? {}
            : manualSettlement(request, conflict)),
        },
        sourceDatabase,
      },
      deps.now(),
    );
    await planCheckpoints(
      target,
      opened,
      names.map((name) => ({ ...plannedOf(loaded, name), rows: null })),
    );
    return opened;
  });
}

const BACKED_UP = 'backed up to';

/** Before anything is written. */
async function backUp(
  sides: Sides,
  loaded: LoadedMap,
  names: readonly string[],
  request: ResolutionRequest,
  operation: Operation,
  deps: Invocation,
): Promise<string[]> {
  if (request.command !== 'conflict-resolver resolve' || !request.createBackup) return [];
  if (request.backupFile === undefined && runsInLambda())
    throw new PortageError('SYS002', 'a backup needs a place that outlives this function', {
      where: 'backupFile',
      got: 'nothing',
      expected: 's3://bucket/key',
    });
  const output = request.backupFile ?? join(deps.config.home, 'backups', `${operation.operationId}.ndjson.gz`);
  // The service may run this step twice for one execution.
  const made = operation.notes.filter((note) => note.startsWith(BACKED_UP));
  if (made.length > 0) return made;
  if (!output.startsWith('s3://')) await mkdir(dirname(output), { recursive: true });
  const backup = await takeBackup({ operation, loaded, entities: names, output }, sides, deps);
  return [`${BACKED_UP} ${backup.file} (sha256 ${backup.sha256})`];
}

export const handler = step(
  'PlanResolution',
  { input: planResolutionInput, output: planResolutionOutput },
  planResolution,
  'sync',
);
