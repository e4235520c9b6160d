/** Reads the whole backup before the first row is written: structure, counts, checksums. */
import { backupHeader } from '../../shared/contracts/backup.ts';
import {
  restoreFromBackupRequest,
  verifyBackupInput,
  verifyBackupOutput,
  type VerifyBackupInput,
  type VerifyBackupOutput,
} from '../../shared/contracts/recovery.ts';
import { verifyBackup as verify } from '../../shared/database/backup/read-file.ts';
import { refused } from '../../shared/database/backup/structure.ts';
import { readProof, saveProof } from '../../shared/database/ledger/backups.ts';
import { mustBeOf, readOperation } from '../../shared/database/ledger/operations.ts';
import { setRowsTotal } from '../../shared/database/ledger/planned-checkpoints.ts';
import { openBackup } from '../backup-place.ts';
import { step, type Invocation } from '../step.ts';

export async function verifyBackup(input: VerifyBackupInput, deps: Invocation): Promise<VerifyBackupOutput> {
  return deps.withTarget(`${input.operationId}:verify`, async (target) => {
    const operation = await readOperation(target, input.operationId);
    mustBeOf(operation, input.execution);
    const file = await openBackup(restoreFromBackupRequest.parse(input.request).backupFile);
    // Of a restore that goes on the file was proved before.
    const before = await readProof(target, operation.operationNo);
    if (before?.identity === file.identity) return { rows: total(before.rows) };
    const verified = await verify(file, { secret: deps.config.hashKey, headerOf: backupHeader }, () => {
      if (deps.outOfTime()) throw refused(file, 'a file that cannot be read whole within the time of one function');
      return Promise.resolve();
    });
    const proof = {
      file: file.name,
      identity: file.identity,
      sha256: verified.sha256,
      header: verified.header,
      rows: Object.fromEntries(verified.entities.map(({ entity, rows }) => [entity, rows])),
      places: Object.fromEntries(verified.entities.map(({ entity, places }) => [entity, places])),
    };
    await saveProof(target, operation.operationNo, proof);
    await setRowsTotal(target, operation.operationId, proof.rows);
    return { rows: total(proof.rows) };
  });
}

const total = (rows: Readonly<Record<string, number>>): number =>
  Object.values(rows).reduce((sum, each) => sum + each, 0);

export const handler = step('VerifyBackup', { input: verifyBackupInput, output: verifyBackupOutput }, verifyBackup);
