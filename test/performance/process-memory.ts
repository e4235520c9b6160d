/** Resident memory of a process with all of its descendants, read from /proc. The server is no descendant. */
import { readFileSync } from 'node:fs';

const PAGE_BYTES = 4096;
const EVERY_MS = 50;

function residentBytes(pid: number): number {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    const below =
      children === '' ? 0 : children.split(' ').reduce((sum, child) => sum + residentBytes(Number(child)), 0);
    return pages * PAGE_BYTES + below;
  } catch {
    return 0; // it has ended between two looks
  }
}

/** Looks every 50 ms until stopped; answers the most that it saw. */
export function watchMemory(pid: number): { stop(): number } {
  let peak = 0;
  const look = (): void => {
    peak = Math.max(peak, residentBytes(pid));
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return peak;
    },
  };
}
