// A file system of a few megabytes that a test server alone sees: mounted in a namespace of its own, which needs no rights
// where the kernel lets users make one. The server refuses to run as root, so it gets a second one, in which it is not.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serverUser } from '../../cli/local/postgres/binaries.ts';

export interface SmallDisk {
  /** Where it is mounted. */
  readonly path: string;
  readonly megabytes: number;
}

const MOUNT =
  'mount -t tmpfs -o size="$0"m,mode=700 none "$1" && shift && exec unshare --user --map-user=999 --map-group=999 -- "$@"';

/** What a server's command begins with. */
export const withDisk = (disk: SmallDisk | null): readonly string[] =>
  disk === null
    ? []
    : ['unshare', '--user', '--map-root-user', '--mount', '--', 'sh', '-c', MOUNT, String(disk.megabytes), disk.path];

/** Null where this machine does not let a user mount one. */
export async function smallDisk(megabytes: number): Promise<SmallDisk | null> {
  const path = await mkdtemp(join(tmpdir(), 'portage-disk-'));
  await chmod(path, 0o777);
  const [program, ...rest] = [...withDisk({ path, megabytes }), 'true'];
  const user = await serverUser();
  return promisify(execFile)(program, rest, { ...user }).then(
    () => ({ path, megabytes }),
    () => null,
  );
}
