// Lives through a document as its reader would: two databases with the example's schemas, a folder to work in, and every
// command in turn. `npx` and `npm` are small programs of the test: the first runs the command line of this project, the
// second takes `ci` and `test` as done, and gives `start` little data.
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { createDatabase, dropDatabase, withClient } from '../support/database.ts';
import { blocksOf, commandsOf, type Block, type ShownCommand } from './markdown.ts';
import { matches, psqlRows, steady, trimmed } from './output.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const NPX = `#!/bin/sh
[ "$1" = portage ] || { echo "npx $1?" >&2; exit 64; }
shift
exec "$PORTAGE_NODE" "$PORTAGE_ROOT/cli/portage.js" "$@"
`;
const NPM = `#!/bin/sh
case "$1" in
  ci | test) exit 0 ;;
  start) cd "$PORTAGE_ROOT" && exec "$PORTAGE_NODE" START --rows 500 ;;
  *) echo "npm $1?" >&2; exit 64 ;;
esac
`;

/** One reader, who may read several documents one after the other. */
export interface Story {
  /** @returns what was shown and is not so, a text each */
  read(file: string): Promise<readonly string[]>;
  end(): Promise<void>;
}

export async function beginStory(): Promise<Story> {
  const folder = await mkdtemp(join(tmpdir(), 'portage-docs-'));
  await chmod(folder, 0o755); // started by root, the embedded server runs as another user
  await symlink(join(ROOT, 'docs'), join(folder, 'docs'));
  await mkdir(join(folder, 'bin'));
  await program(folder, 'npx', NPX);
  await program(folder, 'npm', NPM.replace('START', await startScript()));
  const urls = {
    SOURCE_DB_URL: await createDatabase('docs_legacy'),
    TARGET_DB_URL: await createDatabase('docs_target'),
  };
  await runFile(urls.SOURCE_DB_URL, 'docs/example/legacy.sql');
  await runFile(urls.TARGET_DB_URL, 'docs/example/target.sql');

  // Nothing of the caller's own settings: a document must say all that its commands need.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(SOURCE_DB|TARGET_DB|PORTAGE|NODE_OPTIONS)/.test(name),
  );
  const env: Record<string, string | undefined> = {
    ...Object.fromEntries(inherited),
    PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
    PORTAGE_NODE: process.execPath,
    PORTAGE_ROOT: ROOT,
    PORTAGE_HOME: join(folder, 'home'),
    PORTAGE_LOG_DIR: join(folder, 'logs'),
    NO_COLOR: '1',
  };
  const run = (command: string): Promise<Ended> => {
    const setting = /^export (\w+)=(.*)$/.exec(command);
    if (setting === null) return bash(command, folder, env);
    const [, name = '', value = ''] = setting;
    env[name] = name in urls ? urls[name as keyof typeof urls] : value.replace('$PWD', folder);
    return Promise.resolve({ exit: 0, output: '' });
  };
  return {
    async read(file) {
      const faults: string[] = [];
      const blocks = blocksOf(await readFile(join(ROOT, file), 'utf8'));
      for (const [i, block] of blocks.entries()) {
        const at = `${file}:${block.line}`;
        if (block.words.includes('no-run')) continue;
        if (block.language === 'bash' || block.language === 'console') {
          for (const command of commandsOf(block)) faults.push(...faultsOf(command, await run(command.command), at));
        } else if (block.language === 'sql') {
          const url = block.words[0] === 'source' ? urls.SOURCE_DB_URL : urls.TARGET_DB_URL;
          faults.push(...(await sqlFaults(url, block, blocks[i + 1], at)));
        }
      }
      return faults;
    },
    async end() {
      await bash('npx portage local stop', folder, { ...env, SOURCE_DB_URL: undefined, TARGET_DB_URL: undefined });
      await Promise.all(Object.values(urls).map(dropDatabase));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Ended {
  readonly exit: number;
  readonly output: string;
}

/** Output of both streams, as a terminal would show it. */
const bash = (command: string, cwd: string, env: Record<string, string | undefined>): Promise<Ended> =>
  new Promise((done) => {
    execFile('bash', ['-c', `{ ${command}\n} 2>&1`], { cwd, env, maxBuffer: 2 ** 26 }, (error, output) =>
      done({ exit: error === null ? 0 : Number(error.code ?? 1), output }),
    );
  });

function faultsOf({ command, exit, output }: ShownCommand, ended: Ended, at: string): readonly string[] {
  const all = `${at} $ ${command}\n${ended.output}`;
  if (ended.exit !== exit) return [`exit ${ended.exit}, shown ${exit}: ${all}`];
  if (output === null) return [];
  const [shown, found] = [output, ended.output.split('\n')].map((lines) => steady(trimmed(lines)));
  return matches(shown ?? [], found ?? []) ? [] : [`other output than shown: ${all}`];
}

async function sqlFaults(url: string, block: Block, next: Block | undefined, at: string): Promise<readonly string[]> {
  const text = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;
  const result = await withClient(url, (client) =>
    client.query({ text: block.text, types: text, rowMode: 'array' }),
  ).catch((error: unknown) => String(error));
  if (typeof result === 'string') return [`${at} ${result}`];
  if (next?.language !== 'text') return [];
  const last = [result].flat().at(-1);
  const head = last?.fields.map((field) => field.name) ?? [];
  const rows = [head, ...((last?.rows ?? []) as (string | null)[][]).map((row) => row.map((cell) => cell ?? ''))];
  const shown = psqlRows(next.text);
  return JSON.stringify(rows) === JSON.stringify(shown)
    ? []
    : [`${at} another result than shown:\n${rows.map((row) => row.join(' | ')).join('\n')}`];
}

async function program(folder: string, name: string, text: string): Promise<void> {
  await writeFile(join(folder, 'bin', name), text, { mode: 0o755 });
}

/** What `npm start` runs, without `node`. */
async function startScript(): Promise<string> {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };
  return scripts.start.replace(/^node /, '');
}

const runFile = async (url: string, file: string): Promise<void> => {
  const sql = await readFile(join(ROOT, file), 'utf8');
  await withClient(url, (client) => client.query(sql));
};
