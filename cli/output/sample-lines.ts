/** One look as a line, short enough for a terminal of eighty columns. */
import type * as z from 'zod';
import type { memorySample } from '../../shared/operations/migration-analyzer/memory-leak-check.ts';
import type { connectionSample } from '../../shared/operations/migration-analyzer/monitor-connections.ts';
import type { resourceSample } from '../../shared/operations/migration-analyzer/monitor-resources.ts';
import { bytes, duration, number } from './table.ts';

type Connections = z.output<typeof connectionSample>;
type Resources = z.output<typeof resourceSample>;
type Memory = z.output<typeof memorySample>;

export function connectionLine({ at, source, target }: Connections): string {
  const side = (name: string, of: Connections['source']): string =>
    of === null
      ? `${name} not reached`
      : `${name} ${of.used}/${of.most}, ${of.ours} ours (${of.active} active${of.waiting > 0 ? `, ${of.waiting} waiting` : ''})`;
  return `${duration(at * 1000)}  ${side('source', source)}  ${side('target', target)}`;
}

export function resourceLine(now: Resources, before: Resources | undefined): string {
  const seconds = before === undefined ? 0 : now.at - before.at;
  const rate = before === undefined || seconds <= 0 ? null : Math.round(Math.max(0, now.rows - before.rows) / seconds);
  const share = now.rowsTotal ? ` of ${number(now.rowsTotal)}` : '';
  return [
    duration(now.at * 1000),
    now.atWork === 0 ? 'nobody at work' : `${now.atWork} at work`,
    `${number(now.rows)}${share} rows`,
    `${number(rate)} rows/s`,
    `batch ${now.batchMs === null ? '-' : `${number(now.batchMs)} ms`}`,
    `memory ${bytes(now.memoryBytes)}`,
    ...(now.waiting > 0 ? [`${now.waiting} waiting for a lock`] : []),
  ].join('  ');
}

export const memoryLine = (now: Memory): string =>
  `${duration(now.at * 1000)}  ${bytes(now.bytes)} left after collection  ${bytes(now.rssBytes)} resident  ${number(now.rows)} rows`;
