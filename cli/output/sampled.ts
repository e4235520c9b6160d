/** What a while of watching amounts to. */
import type { MemoryLeakCheckAnswer } from '../../shared/operations/migration-analyzer/memory-leak-check.ts';
import type { MonitorConnectionsAnswer } from '../../shared/operations/migration-analyzer/monitor-connections.ts';
import type { MonitorResourcesAnswer } from '../../shared/operations/migration-analyzer/monitor-resources.ts';
import type { Paint } from '../io.ts';
import { bytes, duration, number, rowsOf, table } from './table.ts';

const looks = (samples: readonly unknown[], seconds: number): string =>
  `${samples.length} ${samples.length === 1 ? 'look' : 'looks'} in ${duration(seconds * 1000)}\n`;

export function connectionsWatchedText(answer: MonitorConnectionsAnswer, paint: Paint): string {
  const { samples, seconds, sides, findings } = answer;
  return [
    looks(samples, seconds),
    '\n',
    table(
      [
        { head: 'Side', text: (row) => row.side },
        { head: 'Of Portage, mean', align: 'right', text: (row) => number(row.ours.mean) },
        { head: 'most', align: 'right', text: (row) => number(row.ours.most) },
        {
          head: 'Nearest limit',
          text: (row) => (row.used === null ? '-' : `${row.used.most} of ${row.used.of} (${row.used.limit})`),
        },
        { head: 'Waiting, most', align: 'right', text: (row) => number(row.waiting) },
        { head: 'Idle in transaction, most', align: 'right', text: (row) => number(row.idleInTransaction) },
      ],
      sides,
      paint,
    ),
    ...(findings.length === 0 ? [] : ['\n']),
    ...findings.map(({ code, text, next }) => `${paint('red', code)} ${text}\n  ${paint('bold', 'next')}  ${next}\n`),
  ].join('');
}

export function resourcesWatchedText({ samples, seconds, summary }: MonitorResourcesAnswer, paint: Paint): string {
  const { rowsPerSecond, batchMs, memoryBytes } = summary;
  const facts: readonly (readonly [string, string])[] = [
    ['rows', `${number(summary.rows)} in ${number(summary.batches)} batches`],
    [
      'rows/s',
      rowsPerSecond === null ? '-' : `${number(rowsPerSecond.mean)} in the mean, at most ${number(rowsPerSecond.most)}`,
    ],
    ['a batch', batchMs === null ? '-' : `${number(batchMs.mean)} ms in the mean, at most ${number(batchMs.most)} ms`],
    [
      'memory',
      memoryBytes === null
        ? '-'
        : `${bytes(memoryBytes.first)} at first, ${bytes(memoryBytes.last)} at last, at most ${bytes(memoryBytes.most)}`,
    ],
    ['target', `grew by ${bytes(Math.max(0, summary.targetGrewBytes))}`],
    ['waiting', `at most ${number(summary.waiting)} for a lock`],
  ];
  return [
    looks(samples, seconds),
    ...facts.map(([name, fact]) => `  ${name.padEnd(8)} ${fact}\n`),
    ...summary.findings.map((finding) => `${paint('red', 'found')} ${finding}\n`),
  ].join('');
}

export function leakCheckedText(
  { samples, seconds, rows, growth, notes }: MemoryLeakCheckAnswer,
  paint: Paint,
): string {
  const perMinute = growth.bytesPerMinute === null ? '-' : `${bytes(Math.abs(growth.bytesPerMinute))} a minute`;
  const verdict = {
    leak: paint('red', `Memory grows by ${perMinute}, and does not stop: this is a leak.`),
    flat: paint('green', 'Memory does not grow.'),
    'not enough data': 'These are too few looks for a verdict: let it watch longer.',
  }[growth.verdict];
  return [
    `${verdict}\n`,
    `  ${looks(samples, seconds).trim()}, ${rowsOf(rows)} read, none written\n`,
    `  left after collection: ${bytes(growth.first)} at first, ${bytes(growth.last)} at last${growth.verdict === 'flat' ? `; a line through them ${(growth.bytesPerMinute ?? 0) < 0 ? 'falls' : 'rises'} by ${perMinute}, no more than caches do` : ''}\n`,
    ...notes.map((note) => `  ${note}\n`),
    ...(growth.verdict === 'leak'
      ? [
          '  Report it with: npx portage migration-analyzer system-info --comprehensive. Until it is mended, migrate entity by entity: each command is a process of its own.\n',
        ]
      : []),
  ].join('');
}
