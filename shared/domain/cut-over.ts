/** Whether the application may be switched to the target: facts in, checks out. The rules are those of docs/cut-over.md. */
import { notice, ok, overall, problem, unknown, type HealthCheck } from './health/health.ts';
import { deadChecks, runningCheck, some, type OpenOperation } from './open-operations.ts';
import { raised, type SequenceFact } from './sequence.ts';
import type { Verdict } from './verdict.ts';

/** What the source had written when a check began. */
export interface SourceMark {
  readonly at: string;
  /** What was committed then: `xmin:xmax:list`, as the server writes it. */
  readonly snapshot: string;
  /** Rows that were ever written, by table: `schema.table`, partitions under their root. */
  readonly writes: Readonly<Record<string, number>>;
}

export interface ValidationFact {
  readonly verdict: Verdict;
  readonly differences: number;
  /** Of them, those that people made or decided. */
  readonly decided: number;
  /** Wrong beside the rows, such as mappings. */
  readonly findings: readonly string[];
  readonly holes: readonly string[];
}

export interface RunFact {
  readonly entity: string;
  /** Of the last migration or synchronization; null: there was none. */
  readonly status: string | null;
  readonly operationId: string | null;
  readonly at: string | null;
}

/** What the source tells of writes since the last complete run, or where that cannot be told, since this check began. */
export interface WriteFacts {
  /** By entity; null: rows of a view bear no transaction. */
  readonly rows: Readonly<
    Record<
      string,
      {
        readonly written: number;
        /** That the validation read, and that are no longer there. */
        readonly gone: number;
        readonly since: string;
      } | null
    >
  >;
  /** Tables that were written while the check ran, with how often. */
  readonly meanwhile: Readonly<Record<string, number>>;
  /** Tables of entities, as `meanwhile` names them. */
  readonly mapped: readonly string[];
  /** Entities read views or other tables: every table counts. */
  readonly readsOthers: boolean;
  /** Sessions that have written and not yet committed. */
  readonly open: readonly string[];
  readonly prepared: number;
  /** The role sees sessions of others. */
  readonly sees: boolean;
  readonly standby: boolean;
}

export interface CutOverFacts {
  readonly validation: ValidationFact;
  readonly runs: readonly RunFact[];
  readonly writes: WriteFacts;
  readonly sequencesBehind: readonly SequenceFact[];
  readonly sequences: number;
  readonly openConflicts: Readonly<Record<string, number>>;
  readonly setAside: Readonly<Record<string, { readonly open: number; readonly ignored: number }>>;
  readonly running: readonly OpenOperation[];
  /** Jobs that their schedule starts. */
  readonly scheduled: readonly string[];
  /** When the last complete backup was taken. */
  readonly backupAt: string | null;
}

export type Readiness = 'ready' | 'not_ready' | 'unknown';

const WORD = { ok: 'ready', notice: 'ready', problem: 'not_ready', unknown: 'unknown' } as const;
export const readinessOf = (checks: readonly HealthCheck[]): Readiness => WORD[overall(checks)];

const whole = (value: number): string => value.toLocaleString('en-US');
const rowsOf = (rows: number): string => `${whole(rows)} ${rows === 1 ? 'row' : 'rows'}`;
const differ = (rows: number): string => `${rowsOf(rows)} ${rows === 1 ? 'differs' : 'differ'}`;
const list = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${whole(count)}`)
    .join(', ');
/** In the order in which they are worked off. */
export const cutOverChecks = (facts: CutOverFacts): readonly HealthCheck[] => [
  runsCheck(facts),
  runningCheck(facts.running),
  ...deadChecks(facts.running),
  jobsCheck(facts.scheduled),
  ...writesChecks(facts.writes),
  validationCheck(facts.validation),
  conflictsCheck(facts.openConflicts),
  setAsideCheck(facts.setAside),
  sequencesCheck(facts),
  backupCheck(facts.backupAt),
];

function runsCheck({ runs, running }: CutOverFacts): HealthCheck {
  const check = 'last run';
  const never = runs.filter(({ status }) => status === null);
  const bad = runs.filter(({ status }) => status !== null && !status.startsWith('completed'));
  if (never.length > 0)
    return problem(
      check,
      `never migrated: ${some(never.map(({ entity }) => entity))}`,
      'portage differential-migration migrate',
    );
  if (bad.length > 0)
    return problem(
      check,
      some(bad.map(({ entity, status, operationId }) => `${entity} ${status ?? ''} (${operationId ?? ''})`)),
      bad.every(({ operationId }) => running.some((each) => each.alive && each.operationId === operationId))
        ? 'Let it end, then check again'
        : 'portage differential-migration resume --entity all',
    );
  const oldest = [...runs].sort((a, b) => (a.at ?? '').localeCompare(b.at ?? ''))[0];
  return ok(check, `complete for every entity; the oldest began ${oldest?.at ?? ''} (${oldest?.operationId ?? ''})`);
}

const jobsCheck = (scheduled: readonly string[]): HealthCheck =>
  scheduled.length === 0
    ? ok('sync jobs', 'none is fired by its schedule')
    : problem(
        'sync jobs',
        `${some(scheduled)} would carry the old database into the new one after the switch`,
        'portage sync-scheduler pause-all-jobs',
      );

function writesChecks(writes: WriteFacts): readonly HealthCheck[] {
  const check = 'writes to the source';
  const carry = 'Stop the application, then: portage differential-migration migrate, and check again';
  const looked = Object.entries(writes.rows).flatMap(([entity, seen]) => (seen === null ? [] : [{ entity, ...seen }]));
  const rows = looked.filter(({ written, gone }) => written + gone > 0);
  const since =
    looked
      .map((each) => each.since)
      .sort()
      .at(-1) ?? 'the check began';
  const meanwhile = Object.entries(writes.meanwhile);
  const matters = meanwhile.filter(([table]) => writes.readsOthers || writes.mapped.includes(table));
  const others = meanwhile.filter((each) => !matters.includes(each));
  const blind = Object.entries(writes.rows).flatMap(([entity, seen]) => (seen === null ? [entity] : []));
  const open = [
    ...writes.open,
    ...(writes.prepared > 0
      ? [`${writes.prepared} prepared ${writes.prepared === 1 ? 'transaction' : 'transactions'}`]
      : []),
  ];
  return [
    rows.length > 0
      ? problem(
          check,
          some(rows.map((each) => `${each.entity} ${rowsOf(each.written + each.gone)} since ${each.since}`)),
          carry,
        )
      : matters.length > 0
        ? problem(check, `while it was checked: ${some(matters.map(([table, n]) => `${table} ${whole(n)}`))}`, carry)
        : ok(check, `none since ${since}`),
    open.length > 0
      ? problem('open transactions of the source', some(open), 'End them: what they commit would be left behind')
      : writes.sees
        ? ok('open transactions of the source', 'none that has written')
        : notice(
            'open transactions of the source',
            'the role does not see sessions of others',
            'GRANT pg_read_all_stats to it, or look yourself: SELECT * FROM pg_stat_activity WHERE backend_xid IS NOT NULL',
          ),
    ...(others.length === 0
      ? []
      : [
          notice(
            'other tables of the source',
            `written while it was checked: ${some(others.map(([table]) => table))}`,
            'They are in no entity. Is the old application still at work?',
          ),
        ]),
    ...(blind.length === 0
      ? []
      : [
          notice(
            'sources without transactions',
            `${some(blind)}: rows of a view or of another server do not tell who wrote them`,
            'The tables of the source were watched by their counters alone.',
          ),
        ]),
    ...(writes.standby
      ? [
          notice(
            'standby',
            'the source follows another server',
            'See that its primary refuses writes, and that everything was replayed.',
          ),
        ]
      : []),
  ];
}

function validationCheck({ verdict, differences, decided, findings, holes }: ValidationFact): HealthCheck {
  const check = 'validation';
  const next = 'portage data-validator validate --entities all --verbose';
  if (holes.length > 0) return unknown(check, `not everything could be read: ${some(holes)}`, next);
  const left = differences - decided;
  const kept = decided === 0 ? '' : `${differ(decided)} by an edit or a decision of yours`;
  if (left > 0) return problem(check, `${differ(left)}${kept === '' ? '' : `; beside them ${kept}`}`, next);
  if (findings.length > 0) return problem(check, some(findings), next);
  if (verdict === 'unknown') return unknown(check, 'not everything was read', next);
  return decided > 0
    ? notice(
        check,
        `every key was read on both sides; ${kept}, and nothing else does`,
        'They are listed in the report.',
      )
    : ok(check, 'every key was read on both sides, and nothing differs');
}

const conflictsCheck = (conflicts: Readonly<Record<string, number>>): HealthCheck =>
  Object.keys(conflicts).length === 0
    ? ok('open conflicts', 'none')
    : problem('open conflicts', list(conflicts), 'portage conflict-resolver status --unresolved-only');

function setAsideCheck(setAside: CutOverFacts['setAside']): HealthCheck {
  const check = 'rows set aside';
  const counts = (state: 'open' | 'ignored'): Record<string, number> =>
    Object.fromEntries(
      Object.entries(setAside).flatMap(([entity, rows]) => (rows[state] > 0 ? [[entity, rows[state]]] : [])),
    );
  const [open, ignored] = [counts('open'), counts('ignored')];
  if (Object.keys(open).length > 0)
    return problem(check, list(open), 'portage differential-migration set-aside --entity all');
  return Object.keys(ignored).length === 0 ? ok(check, 'none') : notice(check, `done without: ${list(ignored)}`);
}

function sequencesCheck({ sequencesBehind, sequences }: CutOverFacts): HealthCheck {
  const [first] = sequencesBehind;
  return first === undefined
    ? ok('sequences of the target', sequences === 0 ? 'its tables have none' : `${sequences}, each beyond its column`)
    : problem(
        'sequences of the target',
        some(sequencesBehind.map((each) => `${each.sequence} gives ${each.next}, ${each.column} has ${each.highest}`)),
        raised(first),
      );
}

/** A fall-back may need it, a switch does not. */
const backupCheck = (at: string | null): HealthCheck =>
  at === null
    ? notice(
        'backup of the target',
        'none was taken',
        'portage migration-analyzer create-full-backup --entities all --output before-cut-over.ndjson.gz',
      )
    : ok('backup of the target', `the last was taken ${at}`);
