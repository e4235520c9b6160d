/** Reach, encryption, version and rights of both databases, as a person reads them. */
import type * as z from 'zod';
import type { connectionsAnswer } from '../../shared/operations/migration-analyzer/test-connections.ts';
import type { Paint } from '../io.ts';
import { number, table } from './table.ts';

export function connectionsText({ connections }: z.output<typeof connectionsAnswer>, paint: Paint): string {
  const mark = (good: boolean, yes: string, no: string): string => (good ? paint('green', yes) : paint('red', no));
  const rows = table(
    [
      { head: 'Side', text: (row) => row.side },
      { head: 'Database', text: (row) => row.address },
      { head: 'Reached', text: (row) => mark(row.reachable, 'yes', 'no') },
      {
        head: 'Latency',
        align: 'right',
        text: (row) => (row.latencyMs === null ? '-' : `${number(Math.round(row.latencyMs))} ms`),
      },
      { head: 'TLS', text: (row) => row.tls ?? (row.reachable ? 'none' : '-') },
      { head: 'Version', text: (row) => row.version ?? '-' },
      {
        head: 'Rights',
        text: (row) =>
          row.reachable ? mark(row.rightsMissing.length === 0, 'complete', `${row.rightsMissing.length} missing`) : '-',
      },
    ],
    connections,
    paint,
  );
  const more = connections.flatMap((row) => [
    ...(row.error === null ? [] : [`${row.side}: ${row.error.code} ${row.error.message}\n`]),
    ...row.rightsMissing.map((right) => `${row.side}: missing ${right}\n`),
  ]);
  return more.length === 0 ? rows : `${rows}\n${more.join('')}`;
}
