// The clinic with a problem, and docs/troubleshooting.md at hand: its commands are given as a reader would give them, in this
// process where that can be, and each must end with the status that the document shows.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { generateClinic, clinicSchema } from '../../cli/demo/generate-clinic.ts';
import type { Io } from '../../cli/io.ts';
import { localDate } from '../../cli/local/log-files.ts';
import { runCommandLine } from '../../cli/run.ts';
import { clinic } from '../../shared/entities/clinic.ts';
import { setLogSink } from '../../shared/log/current.ts';
import type { LogLine } from '../../shared/log/logger.ts';
import { withClient } from '../support/database.ts';
import { portage, type Portage } from '../support/portage.ts';
import type { Servers } from '../support/sides.ts';
import { sectionsOf, type GuideLine } from './guide.ts';
import { psql } from './psql.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Commands that a pipe or a variable of Node needs a process for find these two before the real ones. */
const STAND_INS = {
  npx: 'shift; exec "$PORTAGE_NODE" "$PORTAGE_ROOT/cli/portage.js" "$@"',
  npm: '[ "$1 $2" = "run --silent" ] || exit 64; script="$3"; shift 3; [ "$1" != -- ] || shift; exec "$PORTAGE_NODE" "$PORTAGE_ROOT/test/performance/$script.ts" "$@"',
};

export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  /** Both, as a terminal shows them. */
  readonly text: string;
}

export interface Section {
  readonly lines: readonly string[];
  /** Gives the line of the section that begins so; words of the document in capitals, and others, are replaced first. */
  run(begin: string, values?: Readonly<Record<string, string>>): Promise<Ran>;
  /** Every command of the section was given. */
  expectDone(): void;
}

export interface Drill extends Portage {
  /** Where the commands are given; `logs/` is in it. */
  readonly folder: string;
  section(heading: string): Section;
  /** Any other command line, `npx portage ...`. */
  say(line: string): Promise<Ran>;
  /** Any other command line, with `--json`. */
  json(line: string): Promise<Record<string, unknown>>;
  logged(kind: string): Promise<readonly LogLine[]>;
  /** What the clinic, or one entity, must be in the end: validated as a match, every row, with nothing left to do. */
  expectWhole(entity?: string): Promise<void>;
}

/** A clinic that was migrated, whose commands are given in a folder of its own. */
export async function drill(rows = 700, servers: Servers = {}): Promise<Drill> {
  const folder = await mkdtemp(join(tmpdir(), 'portage-guide-'));
  const before = process.cwd();
  const variables = { PORTAGE_HOME: join(folder, 'home'), PORTAGE_LOG_DIR: join(folder, 'logs'), NO_COLOR: '1' };
  const p = await portage('', clinicSchema('target'), clinic, variables, servers);
  await withClient(p.sourceUrl, (client) => generateClinic({ client, rows }));
  expect((await p.migrate()).output?.status).toBe('completed');
  await mkdir(join(folder, 'bin'));
  for (const [name, text] of Object.entries(STAND_INS))
    await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  process.chdir(folder);

  const give = (line: string): Promise<Ran> => (isPlain(line) ? inProcess(wordsOf(line)) : elsewhere(line, folder));
  const json = async (line: string): Promise<Record<string, unknown>> =>
    JSON.parse((await give(`${line} --json`)).out) as Record<string, unknown>;
  const all = await sectionsOf(join(ROOT, 'docs/troubleshooting.md'));
  return {
    ...p,
    folder,
    say: give,
    json,
    section(heading) {
      const lines = all.get(heading);
      if (lines === undefined) throw new Error(`the guide has no section ${heading}`);
      return sectionOf(heading, lines, give);
    },
    async logged(kind) {
      const text = await readFile(join(folder, 'logs', `${kind}-${localDate(new Date())}.log`), 'utf8');
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as LogLine);
    },
    async expectWhole(entity = 'all') {
      const again = (await p.migrate({ entities: entity === 'all' ? entity : [entity] })).output!;
      expect(again.status).toBe('completed');
      const touched = Object.entries(again.entities).filter(
        ([, each]) => each.inserted + each.updated + each.deleted + each.kept + each.conflicts + each.setAside > 0,
      );
      expect(touched).toEqual([]);
      const { verdict, findings } = await json(`npx portage data-validator validate --entities ${entity}`);
      expect({ verdict, findings }).toEqual({ verdict: 'match', findings: [] });
    },
    async end() {
      process.chdir(before);
      setLogSink(() => undefined);
      await p.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function sectionOf(heading: string, lines: readonly GuideLine[], give: (line: string) => Promise<Ran>): Section {
  const left = new Set(lines);
  return {
    lines: lines.map(({ command }) => command),
    async run(begin, values = {}) {
      const line =
        lines.find(({ command }) => command === begin) ?? lines.find(({ command }) => command.startsWith(begin));
      if (line === undefined) throw new Error(`"${heading}" of the guide has no line that begins with: ${begin}`);
      left.delete(line);
      const command = Object.entries(values).reduce(
        (text, [word, value]) => text.replaceAll(word, value),
        line.command,
      );
      const ran = await give(command);
      // Said with what it printed: a status alone explains nothing.
      if (ran.exit !== line.exit) throw new Error(`exit ${ran.exit}, shown ${line.exit}: ${command}\n${ran.text}`);
      return ran;
    },
    expectDone: () => expect([...left].map(({ command }) => command)).toEqual([]),
  };
}

const isPlain = (line: string): boolean => /^npx portage [^|<>]*$/.test(line);

const wordsOf = (line: string): readonly string[] =>
  [...dated(line).matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '').slice(2);

/** As a shell would have it. */
const dated = (line: string): string =>
  line
    .replaceAll('$(date +%Y-%m-%d)', localDate(new Date()))
    .replaceAll('$(date +%Y%m%d)', localDate(new Date()).replaceAll('-', ''));

async function inProcess(words: readonly string[]): Promise<Ran> {
  const said = { out: '', err: '' };
  const plain = (_: string, text: string): string => text;
  const io: Io = {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    terminal: false,
    paint: plain,
    paintError: plain,
    onInterrupt: () => () => undefined,
  };
  const exit = await runCommandLine(words, io, () => {
    throw new Error('killed');
  });
  return { exit, ...said, text: said.out + said.err };
}

/** What is no command of ours, or needs a process: variables that are set, psql, pipes, scripts. */
async function elsewhere(line: string, folder: string): Promise<Ran> {
  const cron = /^(?:[\d*/]+ ){5}cd \S+ && (npx portage .*)$/.exec(line);
  if (cron !== null) return inProcess(wordsOf(cron[1]!));
  const setting = /^export (\w+)=(.*)$/.exec(line);
  if (setting !== null) {
    process.env[setting[1]!] = setting[2]!;
    return { exit: 0, out: '', err: '', text: '' };
  }
  if (line.includes(' psql ')) return psql(line, process.env['TARGET_DB_URL'] ?? ofVariables());
  const env = {
    ...process.env,
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    PORTAGE_NODE: process.execPath,
    PORTAGE_ROOT: ROOT,
  };
  return new Promise((done) => {
    // What follows a log for ever is looked at once.
    execFile('bash', ['-c', line.replace('tail -f', 'tail')], { cwd: folder, env }, (error, out, err) =>
      done({ exit: error === null ? 0 : Number(error.code), out, err, text: out + err }),
    );
  });
}

/** The database that the guide's lines name by variables. */
function ofVariables(): string {
  const [host, port, user, password, name] = ['HOST', 'PORT', 'USER', 'PASSWORD', 'NAME'].map(
    (word) => process.env[`TARGET_DB_${word}`] ?? '',
  );
  return `postgres://${user}:${password}@${host}:${port}/${name}`;
}
