/** What a cut-over rests on beside the rows, read when a validation of everything has ended. */
import { environmentName } from '../shared/config.ts';
import type { Circumstances, CutOver } from '../shared/contracts/cut-over.ts';
import type { JudgeOutput } from '../shared/contracts/validation.ts';
import { openWrites, rowsSince, writesSince } from '../shared/database/cut-over/source-writes.ts';
import { readSequences } from '../shared/database/cut-over/sequences.ts';
import { asideCounts, decidedFindings, lastBackupAt, lastRunsOf } from '../shared/database/cut-over/target-facts.ts';
import { readDatabaseIdentity } from '../shared/database/catalog/identity.ts';
import { openOperations } from '../shared/database/ledger/alive.ts';
import { lookAtSource, storedHorizon } from '../shared/database/engine/horizon.ts';
import { jobFacts, openWork } from '../shared/database/watch/health-facts.ts';
import {
  cutOverChecks,
  readinessOf,
  type CutOverFacts,
  type SourceMark,
  type ValidationFact,
  type WriteFacts,
} from '../shared/domain/cut-over.ts';
import { unseenBy, writtenSince } from '../shared/domain/horizon.ts';
import type { LoadedOperation, Sides } from './dependencies.ts';
import { programVersion } from './program-version.ts';

const versionOf = ({ serverVersion }: { readonly serverVersion: number }): string =>
  `${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`;

/** Where and when it was looked, and what is open: for the reader of a report. */
export async function circumstancesOf(
  { source, target }: Sides,
  { operation }: LoadedOperation,
  now: Date,
): Promise<Circumstances> {
  const { mapName, mapHash, operationNo } = operation;
  const { conflicts } = await openWork(target, mapName);
  return {
    at: now.toISOString(),
    environment: environmentName(),
    map: { name: mapName, hash: mapHash },
    versions: { portage: programVersion(), source: versionOf(source), target: versionOf(target) },
    databases: { source: operation.sourceDatabase, target: await readDatabaseIdentity(target) },
    openConflicts: { ...conflicts },
    setAside: (await asideCounts(target, mapName)).map((each) => ({ ...each })),
    decided: (await decidedFindings(target, operationNo)).map((each) => ({ ...each })),
  };
}

type Judged = Pick<JudgeOutput, 'verdict' | 'entities' | 'findings' | 'coverage'>;

/** The verdict over everything that must hold before the application is switched. */
export async function cutOverOf(
  sides: Sides,
  loaded: LoadedOperation,
  mark: SourceMark,
  around: Circumstances,
  judged: Judged,
  leaseSeconds: number,
): Promise<CutOver> {
  const { target } = sides;
  const { operation, map } = loaded;
  const jobs = await jobFacts(target, map.name);
  const tables = [...loaded.entities.values()].map(({ normal }) => normal.target.relation);
  const distinct = [...new Map(tables.map((table) => [`${table.schema}.${table.name}`, table])).values()];
  const sequences = await readSequences(target, distinct);
  const setAside: Record<string, { open: number; ignored: number }> = {};
  for (const { entity, open, ignored } of around.setAside) {
    const sum = (setAside[entity] ??= { open: 0, ignored: 0 });
    sum.open += open;
    sum.ignored += ignored;
  }
  const facts: CutOverFacts = {
    validation: validationFact(judged, around),
    runs: await lastRunsOf(target, map.name, [...loaded.entities.keys()]),
    writes: await writeFacts(sides, loaded, mark, judged.entities),
    sequences: sequences.all,
    sequencesBehind: sequences.behind,
    openConflicts: around.openConflicts,
    setAside,
    running: await openOperations(target, operation.operationNo, map.name, leaseSeconds),
    scheduled: jobs.filter(({ status }) => status !== 'paused').map(({ name }) => name),
    backupAt: await lastBackupAt(target),
  };
  const checks = cutOverChecks(facts);
  return { verdict: readinessOf(checks), checks: checks.map((check) => ({ ...check })) };
}

function validationFact({ verdict, entities, findings, coverage }: Judged, { decided }: Circumstances): ValidationFact {
  const differences = Object.values(entities).reduce(
    (sum, each) => sum + each.missing + each.extra + each.value + each.orphan + each.wrongParent,
    0,
  );
  return {
    verdict,
    differences,
    decided: decided.reduce((sum, { rows }) => sum + rows, 0),
    // A slow run is no reason to stay.
    findings: findings.filter(({ code }) => code !== 'V004').map(({ entity, message }) => `${entity}: ${message}`),
    holes: coverage.holes
      .filter(({ check }) => check !== 'performance')
      .map(({ entity, message }) => `${entity}: ${message}`),
  };
}

async function writeFacts(
  { source, target }: Sides,
  loaded: LoadedOperation,
  mark: SourceMark,
  read: Judged['entities'],
): Promise<WriteFacts> {
  const rows: Record<string, WriteFacts['rows'][string]> = {};
  const mapped = new Set<string>();
  let readsOthers = false;
  for (const [name, entity] of loaded.entities) {
    const { relation } = entity.normal.source;
    mapped.add(`${relation.schema}.${relation.name}`);
    const isTable = loaded.relations.get(name)?.source.kind === 'table';
    readsOthers ||= !isTable || entity.normal.readsOtherTables;
    rows[name] = null;
    if (!isTable) continue;
    const seen = await lookAtSource(source, entity, loaded.operation.sourceDatabase);
    const trusted = seen === null ? null : (await storedHorizon(target, entity, seen, Infinity)).stored;
    const [since, condition] =
      trusted === null ? [mark.at, unseenBy(mark.snapshot)] : [trusted.takenAt, writtenSince(trusted.horizon)];
    const { written, rows: now } = await rowsSince(source, entity, condition);
    rows[name] = { written, gone: Math.max(0, (read[name]?.sourceRows ?? 0) - now), since };
  }
  return {
    rows,
    meanwhile: await writesSince(source, mark),
    mapped: [...mapped],
    readsOthers,
    ...(await openWrites(source)),
  };
}
