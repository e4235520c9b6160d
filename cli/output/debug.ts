/** `debug`: one page an entity. What there is nothing of takes one line at most. */
import type { EntityState as State } from '../../shared/operations/migration-analyzer/debug.ts';
import type { Paint } from '../io.ts';
import { duration, number, table, type Column } from './table.ts';

export const debugText = ({ entities }: { readonly entities: readonly State[] }, paint: Paint): string =>
  entities.map((state) => page(state, paint)).join('\n');

function page(state: State, paint: Paint): string {
  const { mapping, ledger } = state;
  const list = (names: readonly string[]): string => (names.length === 0 ? '-' : names.join(', '));
  const facts: readonly (readonly [string, string])[] = [
    [
      'source',
      `${mapping.source} by (${mapping.sourceKey.join(', ')})${mapping.where === null ? '' : `, where ${mapping.where}`}`,
    ],
    ['target', `${mapping.target} by (${mapping.targetKey.join(', ')}), identity ${list(mapping.identity)}`],
    ['columns', `${mapping.columns}; deletes: ${mapping.deletes}; wave ${mapping.wave ?? '-'}`],
    ['refers to', list(mapping.references)],
    ['from', list(mapping.referredToBy)],
    ['mapped', `${counted(ledger.mapped)}${ledger.leaf === null ? '' : ` (${ledger.leaf})`}`],
    ['set aside', counted(ledger.setAside)],
    ['waiting', `${number(ledger.parked)} parked; references ${counted(ledger.pendingReferences)}`],
    ['differ', counted(ledger.differentials)],
    ['fence', ledger.fence === null ? '-' : String(ledger.fence)],
  ];
  const section = <Row>(title: string, rows: readonly Row[], columns: readonly Column<Row>[]): string =>
    rows.length === 0 ? '' : `\n${paint('bold', title)}\n${table(columns, rows, paint)}`;
  return [
    `${paint('bold', state.entity)}\n`,
    ...facts.map(([label, fact]) => `  ${label.padEnd(10)} ${fact}\n`),
    ...state.notes.map((note) => `  ${paint('yellow', 'note')}       ${note}\n`),
    section('Checkpoints', state.checkpoints, CHECKPOINTS),
    section('Last batches', state.batches, BATCHES),
    section('Rows set aside', state.failures, FAILURES),
    section('Sessions', state.sessions, SESSIONS),
    section('Locks', state.locks, LOCKS),
    section('Last errors', state.lastErrors, ERRORS),
  ].join('');
}

const counted = (counts: Readonly<Record<string, number>>): string => {
  const parts = Object.entries(counts).map(([name, rows]) => `${number(rows)} ${name}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
};

const CHECKPOINTS: readonly Column<State['checkpoints'][number]>[] = [
  { head: 'Operation', text: (row) => row.operationId },
  { head: 'Status', text: (row) => row.status },
  { head: 'Mode', text: (row) => row.mode },
  { head: 'Rows', align: 'right', text: (row) => number(row.rowsDone) },
  { head: 'Of', align: 'right', text: (row) => number(row.rowsTotal) },
  {
    head: 'Heartbeat',
    align: 'right',
    text: (row) => (row.heartbeatAgeSeconds === null ? '-' : `${duration(row.heartbeatAgeSeconds * 1000)} ago`),
  },
  { head: 'Owner', text: (row) => row.owner ?? '-' },
];

const BATCHES: readonly Column<State['batches'][number]>[] = [
  { head: 'Batch', align: 'right', text: (row) => row.batchNo },
  { head: 'Slice', align: 'right', text: (row) => (row.slice < 0 ? '-' : String(row.slice)) },
  { head: 'Range', text: (row) => (row.slice < 0 ? (row.from ?? '-') : `(${row.from ?? ''}, ${row.to ?? ''}]`) },
  { head: 'Read', align: 'right', text: (row) => number(row.read) },
  { head: 'Inserted', align: 'right', text: (row) => number(row.inserted) },
  { head: 'Updated', align: 'right', text: (row) => number(row.updated) },
  { head: 'Set aside', align: 'right', text: (row) => number(row.setAside) },
  { head: 'Time', align: 'right', text: (row) => duration(row.readMs + row.writeMs) },
  { head: 'Committed', text: (row) => row.committedAt },
];

const FAILURES: readonly Column<State['failures'][number]>[] = [
  { head: 'Code', text: (row) => row.code },
  { head: 'Column', text: (row) => row.column ?? '-' },
  { head: 'Key', text: (row) => row.legacyId },
  { head: 'Reason', text: (row) => row.reason },
];

const SESSIONS: readonly Column<State['sessions'][number]>[] = [
  { head: 'Side', text: (row) => row.side },
  { head: 'Pid', align: 'right', text: (row) => String(row.pid) },
  { head: 'Session', text: (row) => row.application },
  { head: 'State', text: (row) => row.state },
  { head: 'Waits for', text: (row) => row.waitsFor ?? '-' },
  { head: 'Blocked by', text: (row) => (row.blockedBy.length === 0 ? '-' : row.blockedBy.join(', ')) },
  { head: 'Since', align: 'right', text: (row) => duration(row.seconds * 1000) },
];

const LOCKS: readonly Column<State['locks'][number]>[] = [
  { head: 'Relation', text: (row) => row.relation },
  { head: 'Pid', align: 'right', text: (row) => String(row.pid) },
  { head: 'Session', text: (row) => row.application },
  { head: 'Mode', text: (row) => row.mode },
  { head: 'Has it', text: (row) => (row.granted ? 'yes' : 'waits') },
];

const ERRORS: readonly Column<State['lastErrors'][number]>[] = [
  { head: 'Operation', text: (row) => row.operationId },
  { head: 'At', text: (row) => row.at },
  { head: 'Code', text: (row) => row.code },
  { head: 'Message', text: (row) => row.message.split('\n')[0] ?? '' },
];
