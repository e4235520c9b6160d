/** Connections in use against their limits, sessions one by one, and sessions that were not given back. */
import type { DebugConnectionsAnswer } from '../../shared/operations/migration-analyzer/debug-connections.ts';
import type { DetectConnectionLeaksAnswer } from '../../shared/operations/migration-analyzer/detect-connection-leaks.ts';
import type { Paint } from '../io.ts';
import { duration, number, table } from './table.ts';

export function debugConnectionsText({ sides, pools, findings, notes }: DebugConnectionsAnswer, paint: Paint): string {
  const rows = sides.flatMap((side) =>
    side.limits.map((limit) => ({ side: side.side, address: side.address, ...limit })),
  );
  const sessions = sides.flatMap(({ side, sessions: own = [] }) => own.map((session) => ({ side, ...session })));
  const shown = sides.some((side) => side.sessions !== undefined);
  return [
    rows.length === 0
      ? ''
      : table(
          [
            { head: 'Side', text: (row) => row.side },
            { head: 'Database', text: (row) => row.address },
            { head: 'Limit of', text: (row) => row.name },
            { head: 'In use', align: 'right', text: (row) => number(row.used) },
            { head: 'Of', align: 'right', text: (row) => number(row.most) },
          ],
          rows,
          paint,
        ),
    ...sides
      .filter(({ error }) => error === null)
      .map(
        ({ side, ours }) =>
          `${side}: ${ours.all} of Portage (${ours.active} active, ${ours.idleInTransaction} idle in transaction, ${ours.waiting} waiting for a lock)\n`,
      ),
    ...(shown ? [sessions.length === 0 ? '\nNo session of Portage.\n' : `\n${sessionTable(sessions, paint)}`] : []),
    ...(pools === undefined ? [] : [`\n${poolTable(pools, paint)}`]),
    ...(findings.length === 0 ? [] : ['\n']),
    ...findings.map(({ code, text, next }) => `${paint('red', code)} ${text}\n  ${paint('bold', 'next')}  ${next}\n`),
    ...notes.map((note) => `${note}\n`),
  ].join('');
}

type Session = NonNullable<DebugConnectionsAnswer['sides'][number]['sessions']>[number] & { readonly side: string };

const sessionTable = (sessions: readonly Session[], paint: Paint): string =>
  table(
    [
      { head: 'Side', key: true, text: (row) => row.side },
      { head: 'Pid', key: true, align: 'right', text: (row) => String(row.pid) },
      { head: 'Session', text: (row) => row.application },
      { head: 'State', text: (row) => row.state },
      { head: 'Since', align: 'right', text: (row) => duration(row.stateSeconds * 1000) },
      {
        head: 'Transaction',
        align: 'right',
        text: (row) => duration(row.transactionSeconds === null ? null : row.transactionSeconds * 1000),
      },
      { head: 'Waits for', text: (row) => row.waitsFor ?? '-' },
      { head: 'Blocked by', text: (row) => (row.blockedBy.length === 0 ? '-' : row.blockedBy.join(', ')) },
      { head: 'Operation is', text: (row) => row.operationStatus ?? '-' },
    ],
    sessions,
    paint,
  );

const poolTable = (pools: NonNullable<DebugConnectionsAnswer['pools']>, paint: Paint): string =>
  table(
    [
      { head: 'Pool of this process', text: (row) => row.database },
      { head: 'In use', align: 'right', text: (row) => number(row.inUse) },
      { head: 'Idle', align: 'right', text: (row) => number(row.idle) },
      { head: 'Opened', align: 'right', text: (row) => number(row.opened) },
      { head: 'Most', align: 'right', text: (row) => number(row.most) },
    ],
    pools,
    paint,
  );

export function leaksText({ sessions, leaks, notes }: DetectConnectionLeaksAnswer, paint: Paint): string {
  const looked = `${sessions} ${sessions === 1 ? 'session was' : 'sessions were'} looked at`;
  if (leaks.length === 0)
    return [`${paint('green', 'No connection is leaked.')} ${looked}.\n`, ...notes.map((note) => `${note}\n`)].join('');
  return [
    table(
      [
        { head: 'Entity', text: (row) => row.entity },
        { head: 'Side', key: true, text: (row) => row.side },
        { head: 'Pid', key: true, align: 'right', text: (row) => String(row.pid) },
        { head: 'Session', text: (row) => row.application || '-' },
        { head: 'Role', text: (row) => row.role },
        { head: 'From', text: (row) => row.client ?? '-' },
        { head: 'Leak', text: (row) => paint('red', row.kind) },
        { head: 'Since', align: 'right', text: (row) => duration(row.seconds * 1000) },
        { head: 'Holds the table', text: (row) => (row.holdsTable ? 'yes' : 'no') },
      ],
      leaks,
      paint,
    ),
    `\n${looked}. What holds a table keeps batches waiting: have its owner end it, or SELECT pg_terminate_backend(PID) there.\n`,
    ...notes.map((note) => `${note}\n`),
  ].join('');
}
