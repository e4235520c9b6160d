/** First state of a synchronization: may this run begin now, and if so, its operation and the order of its entities. */
import {
  beginRunInput,
  beginRunOutput,
  runRequest,
  type BeginRunInput,
  type BeginRunOutput,
  type RunRequest,
} from '../../shared/contracts/synchronization.ts';
import { readDatabaseIdentity } from '../../shared/database/catalog/identity.ts';
import { loadMap, mapHash, type LoadedMap } from '../../shared/database/engine/load-entities.ts';
import { applyLedger } from '../../shared/database/ledger/apply.ts';
import { openUnlessHeld, refuseHeld } from '../../shared/database/ledger/hold.ts';
import {
  addNote,
  batchLabelAt,
  insertOperation,
  registerMap,
  type MigrationMode,
} from '../../shared/database/ledger/operations.ts';
import { planCheckpoints } from '../../shared/database/ledger/planned-checkpoints.ts';
import { readJob, type RunJob } from '../../shared/database/ledger/run-job.ts';
import { insertEnded, insertRun, type Detection } from '../../shared/database/ledger/runs.ts';
import { lockRuns, turnOf } from '../../shared/database/ledger/run-turns.ts';
import { checkMap, faultsError } from '../../shared/database/map-check/check-map.ts';
import { transaction } from '../../shared/database/transactions.ts';
import { relationName } from '../../shared/domain/entity-map.ts';
import { lanesWithRoom } from '../../shared/domain/execution-room.ts';
import { runsInLambda } from '../../shared/config.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { selectEntities } from '../../shared/domain/select-entities.ts';
import { parseStrategies } from '../../shared/domain/settlement.ts';
import { checkedInput } from '../checked-input.ts';
import type { Sides } from '../dependencies.ts';
import { planLanes } from '../lane-plan.ts';
import { deletesOf, plannedOf, refuseMissingParents, wavesOf } from '../migration-plan.ts';
import { driftNotes } from '../schema-drift.ts';
import { noteNextRun } from '../next-run.ts';
import { step, type Invocation } from '../step.ts';

/** Jobs beside each other share two databases and their connections. */
const MOST_JOBS = 4;

const MODES: readonly string[] = ['differential', 'full', 'missing-only'] satisfies MigrationMode[];
const modeOf = (job: RunJob): MigrationMode => {
  if (MODES.includes(job.mode)) return job.mode as MigrationMode;
  throw new PortageError('S001', `the job ${job.jobName} has a mode that there is not`, {
    got: job.mode,
    expected: MODES.join(', '),
  });
};

const EXAMPLE =
  '{"command": "sync-scheduler run-job", "name": "nightly"}, or {"jobName": "nightly", "scheduledTime": "..."}';

const nothing = (jobName: string, outcome: 'waiting' | 'skipped', notice: string): BeginRunOutput => ({
  outcome,
  operationId: '',
  jobName,
  notices: [notice],
  entityLanes: 1,
  lanes: [0],
  detections: [],
  waves: [],
  deletes: [],
  entities: [],
});

export async function beginRun(input: BeginRunInput, deps: Invocation): Promise<BeginRunOutput> {
  const request = checkedInput(runRequest, input.request, { example: EXAMPLE });
  const map = await deps.configuredMap();
  const schemas = [...new Set(Object.values(map.entities).map((entity) => relationName(entity.source.table).schema))];
  return deps.withSides('begin', schemas, async (sides) => {
    await applyLedger(sides.target);
    const job = await readJob(sides.target, 'jobName' in request ? request.jobName : request.name);
    if (job.mapName !== map.name)
      throw new PortageError('SYS002', `the job ${job.jobName} belongs to another map`, {
        got: `the map ${map.name}`,
        expected: `the map ${job.mapName}`,
        where: 'PORTAGE_MAP',
      });
    if ('scheduledTime' in request) await noteNextRun(sides.target, job.jobId, request.scheduledTime, deps.now());
    await refuseHeld(sides.target);
    const faults = (await checkMap(sides, map)).filter((fault) => fault.severity === 'fault');
    if (faults.length > 0) throw faultsError(faults);
    const loaded = await loadMap(sides.source, sides.target, map, 'register');
    return takeTurn(sides, loaded, job, input.execution, request, deps);
  });
}

async function takeTurn(
  sides: Sides,
  loaded: LoadedMap,
  job: RunJob,
  execution: string,
  request: RunRequest,
  deps: Invocation,
): Promise<BeginRunOutput> {
  const { target } = sides;
  const settings = deps.settings(loaded.map);
  const width = await planLanes({}, loaded, sides, deps);
  const wanted = width.of([]).entityLanes;
  const scheduledTime = 'scheduledTime' in request ? request.scheduledTime : null;
  const names = selectEntities(job.entities, Object.keys(loaded.map.entities));
  const mode = modeOf(job);
  const waves = wavesOf(loaded, names, { sequential: false, lanes: width }).map(({ groups }) => ({ groups }));
  const circle = new Set(waves.flatMap((wave) => wave.groups.filter((g) => g.cycle).flatMap((g) => g.entities)));
  const deletes = deletesOf(loaded, names, mode);
  const work = { waves: waves.length, groups: waves.flatMap(({ groups }) => groups).length, deletions: deletes.length };
  const lanes = runsInLambda() ? lanesWithRoom(work, names.length, wanted) : wanted;
  const plan = (operationId: string, notices: readonly string[]): BeginRunOutput => ({
    outcome: 'begun',
    operationId,
    jobName: job.jobName,
    notices: [...notices],
    entityLanes: wanted,
    lanes: Array.from({ length: lanes }, (_, lane) => lane),
    detections: names.filter((name) => !circle.has(name)).map((name) => ({ entities: [name] })),
    waves,
    deletes,
    entities: names,
  });
  if (job.conflictResolution !== null) parseStrategies(job.conflictResolution);
  const hash = mapHash(loaded.map);
  const sourceDatabase = await readDatabaseIdentity(sides.source);
  const drift = await driftNotes(target, loaded, names);
  await refuseMissingParents(sides, loaded, names);
  await registerMap(target, loaded.map, hash);
  const begun = await openUnlessHeld(target, async () => {
    await lockRuns(target);
    const turn = await turnOf(target, {
      job,
      execution,
      scheduledTime,
      overlap: job.overlap,
      leaseSeconds: deps.config.leaseSeconds,
      mostJobs: settings.concurrentJobs ?? MOST_JOBS,
    });
    if (turn.kind === 'mine') return turn.run.operationId ?? '';
    if (turn.kind !== 'begin') return turn;
    const deadline = job.timeoutMs === null ? null : new Date(deps.now().getTime() + job.timeoutMs);
    const operation = await insertOperation(
      target,
      {
        type: 'synchronization',
        execution,
        batchLabel: scheduledTime === null ? batchLabelAt(deps.now()) : null,
        mapName: loaded.map.name,
        mapHash: hash,
        mode,
        request: { ...requestOf(job, names), scheduledTime, deadline: deadline?.toISOString() ?? null },
        sourceDatabase,
      },
      deps.now(),
    );
    const planned = names.map((name) => plannedOf(loaded, name));
    await planCheckpoints(target, operation, planned);
    const detection = Object.fromEntries([...circle].map((name): [string, Detection] => [name, TOGETHER]));
    const { operationId } = operation;
    await insertRun(target, { jobId: job.jobId, execution, scheduledTime, operationId, deadline, detection });
    return operationId;
  });
  if (typeof begun === 'string') {
    for (const note of drift) await addNote(target, begun, note);
    return plan(begun, []);
  }
  if (begun.kind === 'wait') return nothing(job.jobName, 'waiting', `waits until ${job.jobName} has ended its run`);
  if (begun.record)
    await transaction(target, () =>
      insertEnded(target, job.jobId, { execution, scheduledTime }, 'skipped', { code: null, message: begun.why }),
    );
  return nothing(job.jobName, 'skipped', begun.why);
}

const TOGETHER: Detection = { path: 'full', why: 'it is loaded together with the entities of its circle', seen: null };

/** What the ledger keeps of the job, as it was when the run began. */
const requestOf = (job: RunJob, entities: readonly string[]): Record<string, unknown> => ({
  command: 'sync-scheduler run-job',
  name: job.jobName,
  entities,
  conflictResolution: job.conflictResolution,
  fullEverySeconds: job.fullEverySeconds,
  ...(job.batchSize === null ? {} : { batchSize: job.batchSize }),
});

export const handler = step('BeginRun', { input: beginRunInput, output: beginRunOutput }, beginRun, 'sync');
