// A surgery in which both sides changed the same rows, migrated, and the same before each test.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { handler as inspect } from '../../functions/operation/inspect-ledger.ts';
import type { FinishResolutionOutput } from '../../shared/contracts/resolution.ts';
import { portage, type EndedWith, type Portage, type Row } from './portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from './surgery.ts';

export interface SurgeryConflicts {
  /** Settles one conflict, by the state machine. */
  readonly manual: (
    conflictId: string | null,
    action: string,
    values?: Record<string, unknown>,
  ) => Promise<EndedWith<FinishResolutionOutput>>;
  /** Asks the function for short commands. */
  readonly ask: (command: string, more?: Record<string, unknown>) => Promise<unknown>;
  /** The rows that somebody changed, on whatever side, as the target has them. */
  readonly notes: () => Promise<Row[]>;
  /** The id of the open difference of a legacy key. */
  readonly idOf: (no: number) => Promise<string | null>;
}

/**
 * Registers the hooks of a test file.
 * @param use is given what was made, before the first test
 */
export function surgeryConflicts(use: (made: Portage) => void): SurgeryConflicts {
  let p: Portage;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'portage-conflicts-'));
    p = await portage(SURGERY_SOURCE, SURGERY_TARGET, surgery, { PORTAGE_HOME: folder });
    use(p);
    await p.run('source', 'CREATE SCHEMA kept; CREATE TABLE kept.doctor AS TABLE doctor');
    await p.migrate();
  });
  afterAll(async () => {
    await p.end();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await p.run('source', 'TRUNCATE doctor; INSERT INTO doctor TABLE kept.doctor');
    await p.empty();
    await p.migrate();
    await p.run(
      'source',
      "UPDATE doctor SET note = 'source' WHERE doc_no IN (1, 2, 3); UPDATE doctor SET fee = 9 WHERE doc_no = 4; DELETE FROM doctor WHERE doc_no = 15",
    );
    await p.run('target', "UPDATE doctors SET note = 'target' WHERE legacy_id IN (1, 2, 3, 4, 5, 15)");
    await p.migrate();
  });
  return {
    manual: (conflictId, action, values) =>
      p.execute('resolution', {
        command: 'conflict-resolver resolve-manual',
        conflictId,
        action,
        ...(values && { values }),
      }),
    ask: (command, more = {}) => inspect({ command, ...more }, { getRemainingTimeInMillis: () => 60_000 } as never),
    notes: () => p.rows('SELECT legacy_id, note, fee FROM doctors WHERE legacy_id IN (1, 2, 3, 4, 5, 15) ORDER BY 1'),
    idOf: (no) => p.value(`SELECT id FROM data_differentials WHERE NOT resolved AND legacy_key = '${no}'`),
  };
}

/** A row of `notes` that has a note. */
export const noted = (no: number, note: string, fee: string): Row => ({ legacy_id: String(no), note, fee });
