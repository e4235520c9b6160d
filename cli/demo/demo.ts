/**
 * What `npm start` shows: an old clinic database of some thousand rows carried into its new one, what became of the rows, and
 * how both are used and kept in step. It speaks to the rest of the program through a small port, so that it runs the very commands that a user would.
 */
import type { FinishMigrationOutput } from '../../shared/contracts/migration.ts';
import { type Clinic, clinicSchema, generateClinic } from './generate-clinic.ts';
import { DemoFailure, synchronize } from './demo-sync.ts';
import { prepareDatabases } from './demo-databases.ts';
import type { DemoPort } from './demo-port.ts';
import { samples } from './demo-samples.ts';
import { duration, number, table } from '../output/table.ts';
import type { Paint } from '../io.ts';

export interface DemoOptions {
  readonly rows?: number | undefined;
  readonly seed?: number | undefined;
  /** So many orders of patients who do not exist: the migration sets them aside and goes on. */
  readonly orphans?: number | undefined;
}

/** Enough to look real, few enough that the whole demo takes seconds. */
const DEFAULT_ROWS = 20_000;

/** Runs the demo and answers its exit status: 0, also when the orphans that were asked for were set aside. */
export async function runDemo(
  port: DemoPort,
  { rows = DEFAULT_ROWS, seed = 1, orphans = 0 }: DemoOptions = {},
): Promise<number> {
  const say = (text: string): void => port.write(`${text}\n`);
  const head = (text: string): void => say(`\n${port.paint('bold', text)}`);

  head('1. The old database');
  const there = await prepareDatabases(port);
  const clinic = there ?? (await make(port, { rows, seed, orphans }));
  const wished = there === null || (there.rows === rows && there.seed === seed && there.orphans === orphans);
  say(
    `A clinic with ${number(clinic.rows)} rows in 13 tables${there === null ? '' : ', as it was made before'}: integer keys, 0 for none,`,
  );
  say('dates as text, money as double precision, one table for two kinds of partners, two phone books.');
  if (!wished) say('(Another --rows, --seed or --orphans takes effect in empty databases only.)');

  head('2. The migration: npx portage differential-migration migrate');
  const { code, json } = await port.run(['differential-migration', 'migrate']);
  if (!isResult(json)) {
    say(`It could not finish (exit status ${code}):\n${JSON.stringify(json, null, 2)}`);
    return code === 0 ? 3 : code;
  }
  say(results(json, port.paint));
  const setAside = Object.values(json.entities).reduce((sum, entity) => sum + entity.setAside, 0);
  if (setAside > 0)
    say(
      `${number(setAside)} rows were set aside, each with its reason; the others went on: npx portage migration-analyzer debug --entity orders`,
    );

  head('3. The same rows on both sides');
  for (const { title, pairs } of await samples(port)) {
    say(title);
    port.write(`${table(SAMPLE_COLUMNS, pairs, port.paint)}\n`);
  }

  try {
    await synchronize(port, head);
  } catch (failure) {
    if (!(failure instanceof DemoFailure)) throw failure;
    say(`npx portage ${failure.command}\n${JSON.stringify(failure.answer, null, 2)}`);
    return failure.code === 0 ? 3 : failure.code;
  }

  head('What to try next');
  say(NEXT);
  return code === 1 && setAside === clinic.orphans ? 0 : code;
}

const NEXT = [
  ['npx portage cut-over --check --output cut-over.html', 'may the application be switched? A page to sign'],
  ['npx portage differential-migration migrate', 'again: nothing has changed, and no row is written'],
  ['npx portage migration-analyzer checkpoint-status --all', 'progress, rate and owner of every entity'],
  ['npx portage differential-migration explain --entity orders', 'the SQL of a batch'],
  ['npx portage differential-migration init', 'a mapping drafted from the two catalogs'],
  ['npm start -- --rows 1000000 --seed 7', 'another clinic, after: npx portage local stop; rm -rf .portage'],
  ['docs/getting-started.md', 'your own two databases'],
]
  .map(([command = '', what = '']) => `  ${command.padEnd(60)}# ${what}`)
  .join('\n');

const SAMPLE_COLUMNS = ['old column', 'value', 'new column', 'value'].map((head, i) => ({
  head,
  text: (pair: readonly string[]) => pair[i] ?? '',
  // Where the terminal does not hold all four, the new value stands below with its own column.
  ...(i === 2 ? { key: true as const } : {}),
}));

async function make(
  port: DemoPort,
  options: { rows: number; seed: number; orphans: number },
): Promise<Clinic & { orphans: number }> {
  const clinic = await generateClinic({
    client: { query: (text, values) => port.query('legacy', text, values) },
    ...options,
  });
  await port.query('target', clinicSchema('target'));
  return { ...clinic, orphans: options.orphans };
}

const isResult = (json: unknown): json is FinishMigrationOutput =>
  typeof json === 'object' && json !== null && 'entities' in json;

type Result = FinishMigrationOutput['entities'][string];

function results({ operationId, status, entities }: FinishMigrationOutput, paint: Paint): string {
  const count = (head: string, of: (result: Result) => number) =>
    ({ head, align: 'right', text: ([, result]: readonly [string, Result]) => number(of(result)) }) as const;
  const columns = [
    { head: 'entity', text: ([name]: readonly [string, Result]) => name },
    count('read', ({ read }) => read),
    count('inserted', ({ inserted }) => inserted),
    count('updated', ({ updated }) => updated),
    count('unchanged', ({ unchanged }) => unchanged),
    count('set aside', ({ setAside }) => setAside),
    {
      head: 'time',
      align: 'right',
      text: ([, { durationMs }]: readonly [string, Result]) => duration(durationMs),
    } as const,
  ];
  return `${table(columns, Object.entries(entities), paint)}${operationId}: ${status}`;
}
