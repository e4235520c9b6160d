/** The answer of a dry run: counts that were read, and with a rehearsal what trying the batches has found and cost. */
import {
  migrationRequest,
  type FinishMigrationInput,
  type FinishMigrationOutput,
  type Rehearsal,
} from '../shared/contracts/migration.ts';
import { canonicalKeys } from '../shared/database/engine/legacy-keys.ts';
import { loadMap } from '../shared/database/engine/load-entities.ts';
import { ledgerVersion } from '../shared/database/ledger/apply.ts';
import { PortageError, isErrorCode } from '../shared/domain/errors.ts';
import { messageOf } from '../shared/domain/state-error.ts';
import { absentIn, statusOf, withNotFound } from './migration-answer.ts';
import type { Invocation } from './step.ts';

const NOT_TRIED =
  'Read only: failures that only writing can find (unique, foreign key, check, trigger) were not tried. Rows of parents count as written.';
/** What a rehearsal cannot find either, because it takes back each batch before the next. */
const REHEARSED = [
  'Each batch was written and rolled back: unique values, foreign keys, checks and triggers were tried. Not tried: a value that two batches would write, deletions, and references that are set at the end.',
  'What a trigger did outside the database is not undone.',
];

/** One account of all entities; null where none was rehearsed. */
function together(each: readonly (Rehearsal | null)[]): Rehearsal | null {
  const told = each.filter((one) => one !== null);
  if (told.length === 0) return null;
  const sum = (of: (one: Rehearsal) => number): number => told.reduce((total, one) => total + of(one), 0);
  const sequences: Record<string, number> = {};
  for (const one of told)
    for (const [name, by] of Object.entries(one.sequences)) sequences[name] = (sequences[name] ?? 0) + by;
  return {
    batches: sum((one) => one.batches),
    walBytes: sum((one) => one.walBytes),
    deadRows: sum((one) => one.deadRows),
    longestMs: Math.max(...told.map((one) => one.longestMs)),
    sequences,
    refused: told.flatMap((one) => one.refused),
  };
}

/** The counts that the entities would have, or the first error that kept one from being read. */
export async function dryRunAnswer(input: FinishMigrationInput, deps: Invocation): Promise<FinishMigrationOutput> {
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
  const rehearsal = together(input.estimates?.flatMap((one) => ('counts' in one ? [one.rehearsal] : [])) ?? []);
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
    ...(rehearsal === null ? {} : { rehearsal }),
    notes: [
      ...input.plan.notices,
      ...(input.estimates?.flatMap((one) => ('counts' in one ? one.notes : [])) ?? []),
      ...(rehearsal === null ? [NOT_TRIED] : REHEARSED),
    ],
  };
}
