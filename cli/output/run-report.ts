/** What the flags of a run did, a line each. */
import type { FinishMigrationOutput } from '../../shared/contracts/migration.ts';
import { bytes, duration, number, rowsOf } from './table.ts';

const TRENDS = {
  flat: 'does not grow',
  rising: 'grows',
  falling: 'shrinks',
  'too few batches to tell': 'too few batches to tell whether it grows',
} as const;

/** A slope with its sign. */
const slope = (perBatch: number): string => `${perBatch < 0 ? '-' : '+'}${bytes(Math.abs(perBatch))} a batch`;

function memoryLines({ memory = {} }: FinishMigrationOutput): readonly string[] {
  return Object.entries(memory).map(([entity, { batches, peakBytes, bytesPerBatch, trend }]) => {
    const fitted = trend === 'too few batches to tell' ? '' : ` (${slope(bytesPerBatch)})`;
    return `Memory of ${entity}: at most ${bytes(peakBytes)} in ${number(batches)} ${batches === 1 ? 'batch' : 'batches'}, ${TRENDS[trend]}${fitted}`;
  });
}

function batchingLines({ batching = {} }: FinishMigrationOutput): readonly string[] {
  return Object.entries(batching).map(
    ([entity, { batches, leastRows, mostRows, lastRows }]) =>
      `Batches of ${entity}: ${number(batches)}, of ${number(leastRows)} to ${number(mostRows)} rows, at last ${number(lastRows)}`,
  );
}

function paceLines({ pace }: FinishMigrationOutput): readonly string[] {
  if (pace === undefined) return [];
  const waited = pace.waitedMs === 0 ? 'nothing had to wait' : `lanes waited ${duration(pace.waitedMs)} in all`;
  return [`Read at no more than ${rowsOf(pace.maxRate)} a second: ${waited}`];
}

function connectionLines({ connectionRetries }: FinishMigrationOutput): readonly string[] {
  if (connectionRetries === undefined) return [];
  const times = connectionRetries === 1 ? 'once' : `${number(connectionRetries)} times`;
  return [
    connectionRetries === 0
      ? 'Every connection was opened at the first try'
      : `A connection was refused or lost ${times}, and tried again`,
  ];
}

/** What a rehearsal has cost, and the rows that it could not write. */
function rehearsalLines({ rehearsal }: FinishMigrationOutput): readonly string[] {
  if (rehearsal === undefined) return [];
  const { batches, walBytes, deadRows, longestMs, sequences, refused } = rehearsal;
  const moved = Object.entries(sequences).map(([name, by]) => `${name} by ${number(by)}`);
  return [
    `Rehearsed ${batches === 1 ? '1 batch' : `${number(batches)} batches`}, all rolled back. It cost ${bytes(walBytes)} of log, ${deadRows === 1 ? '1 dead row' : `${number(deadRows)} dead rows`} that vacuum removes, and locks for ${duration(longestMs)} at most`,
    ...(moved.length === 0 ? [] : [`Sequences went on, and stay there: ${moved.join(', ')}`]),
    ...refused.map(({ entity, legacyId, code, reason }) => `${code} ${entity} ${legacyId}: ${reason}`),
  ];
}

export const runReportLines = (answer: FinishMigrationOutput): readonly string[] => [
  ...rehearsalLines(answer),
  ...batchingLines(answer),
  ...memoryLines(answer),
  ...paceLines(answer),
  ...connectionLines(answer),
];
