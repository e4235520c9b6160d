/**
 * Brings the ledger of a target database to this program's version: numbered SQL files, each applied once and never
 * edited, under a lock, all in one transaction. A ledger that is newer than the program is refused.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PortageError } from '../../domain/errors.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import type { Session } from '../session.ts';
import { transaction } from '../transactions.ts';

/** In order; the number is the version. Named one by one, so that a bundler and a reader find them. */
const FILES = [
  '0001-ledger.sql',
  '0002-validation.sql',
  '0003-synchronization.sql',
  '0004-recovery.sql',
  '0005-backup.sql',
  '0006-pace.sql',
  '0007-returned-rows.sql',
  '0008-base-after.sql',
  '0009-source-after.sql',
  '0010-lighter-runs.sql',
] as const;

export const LEDGER_VERSION = FILES.length;
/** Any number that nobody else is likely to lock: "portage" in ASCII, cut to a bigint. */
const LEDGER_LOCK = '31647970650873701';

const textOf = (file: string): Promise<string> => readFile(new URL(file, import.meta.url), 'utf8');

/** The version that the database has; 0 without a ledger. */
export async function ledgerVersion(target: Session): Promise<number> {
  const { present } = await target.one<{ present: string }>(
    "SELECT (to_regclass('portage.schema_versions') IS NOT NULL)::text AS present",
  );
  if (present !== 'true') return 0;
  const { version } = await target.one<{ version: string }>(
    'SELECT coalesce(max(version), 0) AS version FROM portage.schema_versions',
  );
  return Number(version);
}

/**
 * Applies what is missing and puts `portage` last on the role's search_path, so that the operator's queries find the tables.
 * @returns the versions that were applied, none when the ledger was up to date.
 * @throws PortageError SYS006 when the ledger is newer than this program.
 */
export async function applyLedger(target: Session): Promise<number[]> {
  const found = await ledgerVersion(target);
  if (found > LEDGER_VERSION) {
    throw new PortageError('SYS006', 'the ledger in the target database was written by a newer version', {
      got: `version ${found}`,
      expected: `at most ${LEDGER_VERSION}`,
    });
  }
  const applied = found === LEDGER_VERSION ? [] : await transaction(target, () => applyMissing(target));
  await makeFindable(target);
  return applied;
}

/** The same inside a transaction of the caller, who may take it back; nobody's search_path is changed. */
export const applyWithin = async (target: Session): Promise<void> => {
  if ((await ledgerVersion(target)) < LEDGER_VERSION) await applyMissing(target);
};

async function applyMissing(target: Session): Promise<number[]> {
  await target.run(`SELECT pg_advisory_xact_lock(${LEDGER_LOCK})`);
  await target.run(`CREATE SCHEMA IF NOT EXISTS portage;
    CREATE TABLE IF NOT EXISTS portage.schema_versions (version integer PRIMARY KEY, file text NOT NULL, checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now(), applied_by text NOT NULL DEFAULT session_user)`);
  const from = await ledgerVersion(target); // again, under the lock
  const applied: number[] = [];
  for (const [i, file] of FILES.entries()) {
    if (i < from) continue;
    const sql = await textOf(file);
    await target.run(sql);
    await target.run('INSERT INTO portage.schema_versions (version, file, checksum) VALUES ($1, $2, $3)', [
      i + 1,
      file,
      createHash('sha256').update(sql).digest('hex'),
    ]);
    applied.push(i + 1);
  }
  return applied;
}

/** The schemas of a search_path: quoted ones may hold commas, and quotes that are doubled. */
const namesIn = (path: string): string[] =>
  [...path.matchAll(/"((?:[^"]|"")*)"|[^\s",]+/g)].map(([name, quoted]) => quoted?.replaceAll('""', '"') ?? name);

/** The role's own default search_path in this database, with `portage` appended where it is not there yet. */
async function makeFindable(target: Session): Promise<void> {
  const { path, role, database } = await target.one<{ path: string; role: string; database: string }>(
    "SELECT reset_val AS path, session_user AS role, current_database() AS database FROM pg_settings WHERE name = 'search_path'",
  );
  const parts = namesIn(path);
  if (parts.includes('portage')) return;
  await target.run(
    `ALTER ROLE ${quoteIdentifier(role)} IN DATABASE ${quoteIdentifier(database)} SET search_path = ${[...parts, 'portage'].map(quoteLiteral).join(', ')}`,
  );
}
