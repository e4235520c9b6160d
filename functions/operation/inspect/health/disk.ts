/** Free room where the target's server keeps its data: known where that is a folder of this machine. */
import { statfs } from 'node:fs/promises';
import { isOnThisMachine } from '../../../../shared/config.ts';
import type { Disk } from '../../../../shared/domain/health/health.ts';

/** Null where it cannot be known: a server says nothing of its disk by SQL, and a folder of another machine is none of ours. */
export async function diskOf(host: string, dataDirectory: string | null): Promise<Disk | null> {
  if (!isOnThisMachine(host) || dataDirectory === null) return null;
  try {
    const { bsize, bavail, blocks } = await statfs(dataDirectory);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    // In a container, the path is that of the container.
    return null;
  }
}
