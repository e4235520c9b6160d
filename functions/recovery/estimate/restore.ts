/** What a restore would do: the file is proved, and its rows are held against the target without writing any. */
import { backupHeader } from '../../../shared/contracts/backup.ts';
import {
  restoreFromBackupRequest,
  type EstimateRecoveryInput,
  type EstimateRecoveryOutput,
} from '../../../shared/contracts/recovery.ts';
import { estimateRestored, mappable } from '../../../shared/database/backup/estimate-restored.ts';
import { verifyBackup } from '../../../shared/database/backup/read-file.ts';
import { cipherFor, refused } from '../../../shared/database/backup/structure.ts';
import { restoring } from '../../../shared/database/backup/restoring.ts';
import { loadMap, mapHash } from '../../../shared/database/engine/load-entities.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { openBackup } from '../../backup-place.ts';
import { entityOf, workerOf } from '../../entity-worker.ts';
import type { Invocation } from '../../step.ts';

/** So many of the rows that would stay stand in the answer. */
const SHOWN = 200;
const NOT_TRIED =
  'Read only: failures that only writing can find (unique, check, trigger) were not tried. Rows of parents in the backup count as restored.';

export async function estimateRestore(input: EstimateRecoveryInput, deps: Invocation): Promise<EstimateRecoveryOutput> {
  const file = await openBackup(restoreFromBackupRequest.parse(input.request).backupFile);
  const inTime = (): void => {
    if (deps.outOfTime()) throw refused(file, 'a file that cannot be read whole within the time of one function');
  };
  const verified = await verifyBackup(file, { secret: deps.config.hashKey, headerOf: backupHeader }, () =>
    Promise.resolve().then(inTime),
  );
  const bytes = file;
  const proof = {
    file: file.name,
    identity: file.identity,
    sha256: verified.sha256,
    header: verified.header,
    rows: Object.fromEntries(verified.entities.map(({ entity, rows }) => [entity, rows])),
    places: Object.fromEntries(verified.entities.map(({ entity, places }) => [entity, places])),
  };
  const map = await deps.configuredMap();
  return deps.withSides('dry-run', [], async (sides) => {
    const loaded = await loadMap(sides.source, sides.target, map, 'read');
    const tables = input.entities.map((name) => entityOf(loaded, name).target.relation);
    const answer = {
      entities: {} as EstimateRecoveryOutput['entities'],
      kept: [] as EstimateRecoveryOutput['kept'],
      keptRows: 0,
    };
    for (const name of input.entities) {
      const relation = loaded.relations.get(name)?.target;
      if (relation === undefined) throw new PortageError('SYS002', 'the map has no such entity', { got: name });
      const operation = { ...NO_OPERATION, mapName: map.name, mapHash: mapHash(map) };
      const claim = { operationId: input.operationId, entity: name, checkpointId: '', fence: 0 };
      const worker = workerOf(sides, { ...loaded, operation }, claim, 0, false, deps);
      const entity = await mappable(sides.target, worker.entity);
      const one = await restoring({ ...worker, entity }, relation, tables, {
        bytes,
        proof,
        cipher: cipherFor(file, verified.header, deps.config.hashKey),
      });
      const found = await estimateRestored(one, tables, SHOWN - answer.kept.length, inTime);
      answer.entities[name] = found.counts;
      answer.keptRows += found.counts.kept;
      answer.kept.push(
        ...found.kept.map(({ key, reason, detail }) => ({
          entity: name,
          legacyId: key,
          targetId: null,
          reason,
          columns: [],
          by: null,
          detail,
        })),
      );
    }
    return { ...answer, notes: [NOT_TRIED] };
  });
}

/** Nothing is opened for a dry run. */
const NO_OPERATION = {
  operationNo: 0,
  operationId: '',
  operationType: 'restore',
  status: 'running',
  batchLabel: null,
  execution: '',
  mode: 'differential',
  request: {},
  sourceDatabase: '',
  stopRequested: false,
  startedAt: '',
  notes: [],
} as const;
