/** Judges a schema from outside: what the answers count, what the truth finds, and who touched which row. */
import { expect } from '@jest/globals';
import type { Servers } from '../../support/sides.ts';
import type { Counter, Schema } from './schema.ts';
import { openTrial, type Answer, type Trial } from './trial.ts';

const NONE: Readonly<Record<Counter, number>> = {
  read: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  deleted: 0,
  adopted: 0,
  kept: 0,
  conflicts: 0,
  parked: 0,
  setAside: 0,
};
/** What has to be as expected, in every run; `read` and `unchanged` follow from it. */
const COUNTED = ['inserted', 'updated', 'deleted', 'adopted', 'kept', 'conflicts', 'parked', 'setAside'] as const;

type Counts = Record<string, Partial<Record<Counter, number>>>;
const counted = (answer: Answer, names: readonly string[]): Counts =>
  Object.fromEntries(
    names.map((name) => [
      name,
      Object.fromEntries(COUNTED.map((counter) => [counter, answer.entities[name]?.[counter]])),
    ]),
  );

/** Counts of every entity: those given, what is set aside in every run, and 0. */
function counts(schema: Schema, names: readonly string[], given: Counts): Counts {
  return Object.fromEntries(
    names.map((name) => {
      const all = { ...NONE, setAside: schema.setAside?.[name] ?? 0, ...given[name] };
      return [name, Object.fromEntries(COUNTED.map((counter) => [counter, all[counter]]))];
    }),
  );
}

/** A server before 12 prints a float with more digits than it takes to read it back. */
const shortest = (key: string): string => (/^-?\d+\.\d{15,}$/.test(key) ? String(Number(key)) : key);

/** What the validator says differs, as the truth says it: a reference that leads elsewhere is a value to the truth. */
async function judgeVerdict(trial: Trial, differing: Readonly<Record<string, string>>): Promise<void> {
  const { verdict, coverage, differences = [], findings } = await trial.validate();
  const found = Object.fromEntries(
    differences
      .filter(({ reason }) => !reason.includes('_key'))
      .map(({ entity, legacyId, kind }) => [
        `${entity} ${shortest(legacyId)}`,
        kind === 'missing' || kind === 'extra' ? kind : 'value',
      ]),
  );
  expect(coverage.holes).toEqual([]);
  expect(found).toEqual(differing);
  expect(findings.filter(({ message }) => !message.startsWith('dangling'))).toEqual([]);
  expect(verdict).toBe(differences.length === 0 && findings.length === 0 ? 'match' : 'mismatch');
}

/** Migrates, migrates again, and migrates edits of both sides, each after a dry run that foretells it. */
export async function judge(schema: Schema, batchSize?: number, servers?: Servers): Promise<void> {
  const trial = await openTrial(schema, servers);
  try {
    const request = batchSize === undefined ? {} : { batchSize };
    await judgeFirst(schema, trial, request);
    if (schema.edits !== undefined) await judgeEdits(schema, schema.edits, trial, request);
  } finally {
    await trial.end();
  }
}

type Request = Readonly<Record<string, unknown>>;

async function judgeFirst(schema: Schema, trial: Trial, request: Request): Promise<void> {
  const names = Object.keys(schema.map.entities);
  const [source, target] = [await trial.fingerprint('legacy'), await trial.fingerprint('target')];
  const dry = await trial.migrate({ ...request, dryRun: true });
  expect(await trial.fingerprint('target')).toBe(target);

  const first = await trial.migrate(request);
  const rows = await trial.expected();
  const inserted = Object.fromEntries(
    names.flatMap((name) => (rows[name] === undefined ? [] : [[name, { inserted: rows[name] }]])),
  );
  expect(counted(first, names)).toEqual(counts(schema, names, inserted));
  if (schema.foreseen !== false) expect(counted(dry, names)).toEqual(counted(first, names));
  expect(await trial.differing()).toEqual({});
  expect(first.status).toBe(schema.setAside === undefined ? 'completed' : 'completed_with_findings');
  expect(await trial.fingerprint('legacy')).toBe(source);

  const written = await trial.fingerprint('target');
  const again = await trial.migrate(request);
  expect(await trial.fingerprint('target')).toBe(written);
  expect(counted(again, names)).toEqual(counts(schema, names, {}));
  await judgeVerdict(trial, schema.verdict?.first ?? {});
}

async function judgeEdits(
  schema: Schema,
  edits: NonNullable<Schema['edits']>,
  trial: Trial,
  request: Request,
): Promise<void> {
  const names = Object.keys(schema.map.entities);
  await trial.run('legacy', edits.legacy);
  await trial.run('target', edits.target);
  const edited = await trial.fingerprint('target');
  const dry = await trial.migrate({ ...request, dryRun: true });
  expect(await trial.fingerprint('target')).toBe(edited);

  const run = await trial.migrate(request);
  expect(counted(run, names)).toEqual(counts(schema, names, edits.counts));
  if (schema.foreseen !== false) expect(counted(dry, names)).toEqual(counted(run, names));
  expect(await trial.differing()).toEqual(edits.left);

  // A conflict is looked at under lock again, which writes no row.
  const settled = await trial.fingerprint('target', 'ctid::text || xmin::text');
  await trial.migrate(request);
  expect(await trial.fingerprint('target', 'ctid::text || xmin::text')).toBe(settled);
  await judgeVerdict(trial, schema.verdict?.left ?? edits.left);
}
