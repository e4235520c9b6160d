/** Backups and restores in the ledger: how far a backup is, and which file a restore was proved to have. */
import type { BackupHeader } from '../../domain/backup.ts';
import type { Place } from '../backup/events.ts';
import type { Session } from '../session.ts';
import { isOperationAlive } from './alive.ts';
import { endOperation, readOperation, type Operation } from './operations.ts';

/** What a backup is going to write. Made again under the same operation, it begins anew. */
export async function openBackupRecord(
  target: Session,
  operationNo: number,
  file: string,
  encrypted: boolean,
  rows: ReadonlyMap<string, number>,
  idOf: (entity: string) => number,
): Promise<void> {
  await target.run(
    `INSERT INTO portage.backups (operation_no, file, encrypted) VALUES ($1, $2, $3)
     ON CONFLICT (operation_no) DO UPDATE SET file = excluded.file, encrypted = excluded.encrypted, sha256 = NULL, bytes = NULL, completed_at = NULL, beat_at = clock_timestamp(), taken_at = now()`,
    [operationNo, file, encrypted],
  );
  await target.run('DELETE FROM portage.backup_entities WHERE operation_no = $1', [operationNo]);
  for (const [entity, total] of rows)
    await target.run('INSERT INTO portage.backup_entities (operation_no, entity_id, rows_total) VALUES ($1, $2, $3)', [
      operationNo,
      idOf(entity),
      total,
    ]);
}

/**
 * A sign of life, and how far the entity in hand is.
 * @returns whether the operation shall stop
 */
export async function recordProgress(
  target: Session,
  operationNo: number,
  at: { readonly entityId: number; readonly rows: number } | null,
): Promise<boolean> {
  if (at !== null)
    await target.run(
      'UPDATE portage.backup_entities SET rows_done = $3, started_at = coalesce(started_at, clock_timestamp()) WHERE operation_no = $1 AND entity_id = $2',
      [operationNo, at.entityId, at.rows],
    );
  await target.run('UPDATE portage.backups SET beat_at = clock_timestamp() WHERE operation_no = $1', [operationNo]);
  const { stop } = await target.one<{ stop: string }>(
    "SELECT (stop_requested_at IS NOT NULL OR status <> 'running')::text AS stop FROM portage.operations WHERE operation_no = $1",
    [operationNo],
  );
  return stop === 'true';
}

export const endBackedUp = (
  target: Session,
  operationNo: number,
  entityId: number,
  rows: number,
  sha256: string,
): Promise<number> =>
  target.run(
    `UPDATE portage.backup_entities SET rows_done = $3, rows_total = $3, sha256 = $4, started_at = coalesce(started_at, clock_timestamp()), ended_at = clock_timestamp() WHERE operation_no = $1 AND entity_id = $2`,
    [operationNo, entityId, rows, sha256],
  );

export const completeBackup = (target: Session, operationNo: number, sha256: string, bytes: number): Promise<number> =>
  target.run('UPDATE portage.backups SET sha256 = $2, bytes = $3, completed_at = now() WHERE operation_no = $1', [
    operationNo,
    sha256,
    bytes,
  ]);

export interface BackupRecord {
  readonly file: string;
  readonly sha256: string | null;
  readonly bytes: number | null;
  readonly encrypted: boolean;
  /** When its snapshot was taken, to the second. */
  readonly takenAt: string | null;
}

export async function readBackupRecord(target: Session, operationNo: number): Promise<BackupRecord | null> {
  const row = await target.maybeOne(
    `SELECT file, sha256, bytes, encrypted, to_char(taken_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS taken_at FROM portage.backups WHERE operation_no = $1`,
    [operationNo],
  );
  return (
    row && {
      file: row['file'] ?? '',
      sha256: row['sha256'] ?? null,
      bytes: row['bytes'] === null || row['bytes'] === undefined ? null : Number(row['bytes']),
      encrypted: row['encrypted'] === 't',
      takenAt: row['taken_at'] ?? null,
    }
  );
}

/** Rows of each entity in the backup. */
export async function readBackedUp(
  target: Session,
  operationNo: number,
): Promise<{ entity: string; rows: number; durationMs: number }[]> {
  const rows = await target.rows(
    `SELECT e.entity, b.rows_done AS rows, coalesce(round(extract(epoch FROM b.ended_at - b.started_at) * 1000), 0) AS ms
     FROM portage.backup_entities b JOIN portage.entities e USING (entity_id) WHERE b.operation_no = $1 ORDER BY b.ended_at, e.entity_id`,
    [operationNo],
  );
  return rows.map((row) => ({ entity: row['entity'] ?? '', rows: Number(row['rows']), durationMs: Number(row['ms']) }));
}

/** A file that was proved, and where its rows are. */
export interface ProvedFile {
  readonly file: string;
  readonly identity: string;
  readonly sha256: string;
  readonly header: BackupHeader;
  /** By entity: how many there are, and where reading may begin. */
  readonly rows: Readonly<Record<string, number>>;
  readonly places: Readonly<Record<string, readonly Place[]>>;
}

export const saveProof = (target: Session, operationNo: number, proof: ProvedFile): Promise<number> =>
  target.run(
    `INSERT INTO portage.restores (operation_no, file, identity, sha256, header, rows, places) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (operation_no) DO UPDATE SET file = excluded.file, identity = excluded.identity, header = excluded.header, rows = excluded.rows, places = excluded.places`,
    [
      operationNo,
      proof.file,
      proof.identity,
      proof.sha256,
      JSON.stringify(proof.header),
      JSON.stringify(proof.rows),
      JSON.stringify(proof.places),
    ],
  );

export async function readProof(target: Session, operationNo: number): Promise<ProvedFile | null> {
  const row = await target.maybeOne(
    'SELECT file, identity, sha256, header, rows, places FROM portage.restores WHERE operation_no = $1',
    [operationNo],
  );
  return (
    row && {
      file: row['file'] ?? '',
      identity: row['identity'] ?? '',
      sha256: row['sha256'] ?? '',
      header: JSON.parse(row['header'] ?? 'null') as BackupHeader,
      rows: JSON.parse(row['rows'] ?? '{}') as Record<string, number>,
      places: JSON.parse(row['places'] ?? '{}') as Record<string, Place[]>,
    }
  );
}

/** Restores of the map that were begun and not finished, the newest first. */
export async function interruptedRestores(target: Session, mapName: string): Promise<Operation[]> {
  const rows = await target.rows<{ operation_id: string }>(
    `SELECT operation_id FROM portage.operations WHERE map_name = $1 AND operation_type = 'restore' AND status IN ('running', 'stopped', 'failed') ORDER BY operation_no DESC`,
    [mapName],
  );
  const found: Operation[] = [];
  for (const row of rows) found.push(await readOperation(target, row.operation_id));
  return found;
}

/** Whether rows of the entity wait still for their last look. */
export async function anyWaitingRestore(target: Session, operationNo: number, entityId: number): Promise<boolean> {
  const row = await target.one<{ present: string }>(
    'SELECT EXISTS (SELECT FROM portage.waiting_restores WHERE operation_no = $1 AND entity_id = $2)::text AS present',
    [operationNo, entityId],
  );
  return row.present === 'true';
}

const DIED = { code: 'M021', message: 'its process ended before the file was complete' } as const;

/** Backups of the map whose process is gone: nothing continues them, and nothing stands under their name. */
export async function endDeadBackups(target: Session, mapName: string, leaseSeconds: number): Promise<void> {
  const rows = await target.rows<{ operation_id: string }>(
    "SELECT operation_id FROM portage.operations WHERE map_name = $1 AND operation_type = 'backup' AND status = 'running'",
    [mapName],
  );
  for (const { operation_id: id } of rows)
    if (!(await isOperationAlive(target, id, leaseSeconds))) await endOperation(target, id, 'failed', {}, DIED);
}
