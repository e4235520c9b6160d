/**
 * Makes a backup from inside a step: the file, what is in it, and where it stands in the ledger. `create-full-backup` and
 * whoever wants one before he changes rows make it with this.
 */
import { runsInLambda } from '../shared/config.ts';
import { readDatabaseIdentity } from '../shared/database/catalog/identity.ts';
import { newEncryption } from '../shared/database/backup/cipher.ts';
import { takeBackup as writeRows } from '../shared/database/backup/take-backup.ts';
import type { Written } from '../shared/database/backup/write-file.ts';
import { mapHash, type LoadedMap } from '../shared/database/engine/load-entities.ts';
import { completeBackup, endBackedUp, openBackupRecord, recordProgress } from '../shared/database/ledger/backups.ts';
import type { Operation } from '../shared/database/ledger/operations.ts';
import type { Session } from '../shared/database/session.ts';
import { PortageError } from '../shared/domain/errors.ts';
import { formOfPlace, openSink } from './backup-place.ts';
import { entityOf } from './entity-worker.ts';
import type { Sides } from './dependencies.ts';
import type { Invocation } from './step.ts';

export interface BackupRequest {
  /** The operation that it is made in, which must be running. */
  readonly operation: Pick<Operation, 'operationNo' | 'operationId'>;
  readonly loaded: LoadedMap;
  readonly entities: readonly string[];
  /** A path, or s3://bucket/key; its ending says the form. */
  readonly output: string;
}

export interface BackupResult {
  /** The absolute path, or the object. */
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly encrypted: boolean;
  readonly entities: Readonly<Record<string, { readonly rows: number; readonly sha256: string }>>;
}

/** So often the ledger learns how far it is, and the backup whether it shall end. */
const EVERY_MS = 1000;

/**
 * Writes the rows of the entities, with their mappings, into one file, as they are at one moment. Takes no lock. It is one
 * snapshot, which ends with its session: it cannot be continued, and ends where the step's time does.
 * @throws PortageError M021 when the time does not suffice, M013 when somebody stops it; nothing stands under the name then
 */
export async function takeBackup(request: BackupRequest, sides: Sides, deps: Invocation): Promise<BackupResult> {
  const { operation, loaded, output } = request;
  const form = formOfPlace(output, '--output');
  const entities = request.entities.map((name) => ({
    entity: entityOf(loaded, name),
    target: mustHave(loaded, name),
  }));
  const secret = deps.config.hashKey;
  const sensitive = entities.some(({ entity }) => entity.columns.some((column) => column.sensitive));
  const encryption = secret !== null && sensitive ? newEncryption(secret) : null;
  const facts = {
    operationId: operation.operationId,
    source: await readDatabaseIdentity(sides.source),
    target: await readDatabaseIdentity(sides.target),
    map: loaded.map,
    mapHash: mapHash(loaded.map),
    encryption,
  };
  const sink = await openSink(output);
  const idOf = (name: string): number => entityOf(loaded, name).entityId ?? 0;
  let at: { entityId: number; rows: number } | null = null;
  let ends: PortageError | null = null;
  // A session of its own: the step's own tells the ledger how far it is, which a snapshot would not show.
  const snapshot = (target: Session): Promise<Written> => {
    const look = async (): Promise<void> => {
      const stop = await recordProgress(sides.target, operation.operationNo, at);
      if (deps.outOfTime() && runsInLambda()) ends = late(at?.rows ?? 0);
      else if (stop || deps.outOfTime()) ends = stopped(operation.operationId);
      if (ends !== null) await sides.target.run('SELECT pg_cancel_backend($1)', [target.pid]);
    };
    const watch = every(EVERY_MS, look);
    return writeRows(
      target,
      { facts, entities, secret, form, take: sink.take },
      {
        counted: (rows) =>
          openBackupRecord(sides.target, operation.operationNo, sink.name, encryption !== null, rows, idOf),
        progress(entity, more) {
          if (ends !== null) return Promise.reject(ends);
          const before = at?.entityId === idOf(entity) ? at.rows : 0;
          at = { entityId: idOf(entity), rows: before + more };
          return Promise.resolve();
        },
        ended: async (entity, count, sha256) => {
          await endBackedUp(sides.target, operation.operationNo, idOf(entity), count, sha256);
        },
      },
    ).finally(watch);
  };
  try {
    const written = await deps.withTarget(`${operation.operationId}:snapshot`, snapshot);
    await sink.complete();
    await completeBackup(sides.target, operation.operationNo, written.sha256, written.bytes);
    const { sha256, bytes, totals } = written;
    return { file: sink.name, sha256, bytes, encrypted: encryption !== null, entities: totals.entities };
  } catch (error) {
    await sink.discard();
    // What was cancelled says that it was, and not why.
    throw (ends as PortageError | null) ?? error;
  }
}

/** Does the work again and again, one at a time. What fails is tried the next time. @returns what ends it */
function every(ms: number, work: () => Promise<void>): () => Promise<void> {
  let doing: Promise<void> | null = null;
  const timer = setInterval(() => {
    doing ??= work()
      .catch(() => undefined)
      .finally(() => {
        doing = null;
      });
  }, ms);
  return async () => {
    clearInterval(timer);
    await doing;
  };
}

const stopped = (operationId: string): PortageError =>
  new PortageError('M013', 'Stopped on request', {
    where: operationId,
    next: 'Nothing stands under its name. Make the backup again.',
  });

const late = (rows: number): PortageError =>
  new PortageError('M021', 'the time of one function does not suffice for one snapshot', {
    got: `${rows} rows of the entity in hand when the time was up`,
    expected: 'a backup within the time that a function may take',
    next: 'Back up fewer --entities at a time, or run the command from a machine, where there is no such limit. Of everything, take a snapshot of the database itself.',
  });

function mustHave(loaded: LoadedMap, name: string): NonNullable<ReturnType<LoadedMap['relations']['get']>>['target'] {
  const relations = loaded.relations.get(name);
  if (relations === undefined) throw new PortageError('SYS002', 'the map has no such entity', { got: name });
  return relations.target;
}
