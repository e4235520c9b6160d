/** The embedded server between processes: shared, outliving, given back, and healed after whoever died. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { withLock } from '../../cli/local/postgres/lock.ts';
import { dropServer, keepServer, serverState, serverVariables, useServer } from '../../cli/local/server.ts';
import { withClient } from '../support/database.ts';

const SERVER = new URL('../../cli/local/server.ts', import.meta.url).href;
/** The start of a process that nobody has. */
const DEAD = '4194304 1';

let folder: string;
let home: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portage-home-'));
  await chmod(folder, 0o755);
  home = join(folder, '.portage');
});
afterAll(async () => {
  await dropServer(home);
  await rm(folder, { recursive: true, force: true });
});

const answers = (url: string): Promise<unknown> =>
  withClient(
    url,
    async (client) =>
      (
        await client.query<{ name: string; encoding: string }>(
          "select current_database() as name, current_setting('server_encoding') as encoding",
        )
      ).rows[0],
  );

/** Another command: uses the server until its stdin ends. */
async function otherCommand(): Promise<{ child: ChildProcess; ended: Promise<unknown> }> {
  const program = `const { useServer } = await import(${JSON.stringify(SERVER)});
    const server = await useServer(${JSON.stringify(home)});
    process.stdout.write('ready');
    process.stdin.resume().on('end', () => server.release());`;
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), ended]);
  return { child, ended };
}

test('commands that begin at once share one server, with a legacy and a target database in UTF8', async () => {
  const [one, two, other] = await Promise.all([useServer(home), useServer(home), otherCommand()]);
  expect(one.source).toBe(two.source);
  expect(await answers(one.source)).toEqual({ name: 'legacy', encoding: 'UTF8' });
  expect(await answers(two.target)).toEqual({ name: 'target', encoding: 'UTF8' });
  expect([...(await serverState(home)).users].sort()).toEqual([process.pid, other.child.pid!].sort());

  await Promise.all([one.release(), two.release()]);
  expect(await serverState(home)).toMatchObject({ running: true, kept: false, users: [other.child.pid] });

  other.child.stdin!.end();
  await other.ended;
  expect(await serverState(home)).toMatchObject({ running: false, users: [] });
});

test('a server outlives the command that started it while another uses it, and keeps its port', async () => {
  const other = await otherCommand();
  const { port } = await serverState(home);
  const own = await useServer(home);
  other.child.stdin!.end();
  await other.ended;
  expect(await answers(own.source)).toMatchObject({ name: 'legacy' });
  await own.release();
  expect(await serverState(home)).toMatchObject({ running: false, port });
});

test('a command that was killed keeps nothing running', async () => {
  const other = await otherCommand();
  other.child.kill('SIGKILL');
  await other.ended;
  expect((await serverState(home)).running).toBe(true);
  const own = await useServer(home);
  await own.release();
  expect((await serverState(home)).running).toBe(false);
});

test('a server that was killed starts again with its data', async () => {
  const before = await useServer(home);
  await withClient(before.target, (client) => client.query('create table kept as select 42 as answer'));
  const pid = Number((await readFile(join(home, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0]);
  process.kill(pid, 'SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 300)); // its children notice
  const after = await useServer(home);
  expect(
    await withClient(
      after.target,
      async (client) => (await client.query<{ answer: number }>('select answer from kept')).rows,
    ),
  ).toEqual([{ answer: 42 }]);
  await Promise.all([before.release(), after.release()]);
});

test('a lock whose owner is dead is taken, by one at a time', async () => {
  const lock = join(home, 'a-lock');
  await writeFile(lock, DEAD);
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 5 }, () =>
      withLock(lock, async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 5));
        inside--;
      }),
    ),
  );
  expect(most).toBe(1);
});

test('a process that only has the number of a dead user is not taken for it', async () => {
  await writeFile(join(home, 'postgres/users', `${process.pid}-0`), `${process.pid} 1`);
  const own = await useServer(home);
  await own.release();
  expect((await serverState(home)).running).toBe(false);
});

test('a server that somebody wants to keep runs until it is dropped, and its variables lead to it', async () => {
  const variables = await serverVariables(home);
  expect(await keepServer(home)).toMatchObject({ running: true, kept: true });
  const {
    SOURCE_DB_USER: user,
    SOURCE_DB_PASSWORD: password,
    SOURCE_DB_HOST: host,
    SOURCE_DB_PORT: port,
    SOURCE_DB_NAME: name,
  } = variables;
  const used = await useServer(home);
  await used.release();
  expect(await answers(`postgres://${user}:${password}@${host}:${port}/${name}`)).toMatchObject({ name: 'legacy' });
  expect(await dropServer(home)).toMatchObject({ running: false, kept: false });
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;
asRoot("a folder that keeps the server's user out is named", async () => {
  const closed = await mkdtemp(join(tmpdir(), 'portage-closed-'));
  await expect(useServer(join(closed, '.portage'))).rejects.toMatchObject({
    code: 'SYS004',
    message: expect.stringContaining(closed),
    next: expect.stringContaining(`chmod o+x ${closed}`),
  });
  await rm(closed, { recursive: true, force: true });
});
