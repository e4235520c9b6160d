/** How far each entity is, as a person reads it; and which validations read meanwhile. */
import type * as z from 'zod';
import type { checkpointStatusAnswer } from '../../shared/operations/migration-analyzer/checkpoint-status.ts';
import type { Paint } from '../io.ts';
import { sentence } from './fit.ts';
import { duration, number, table } from './table.ts';

export function checkpointsText(
  { checkpoints, operations = [], validations = [] }: z.output<typeof checkpointStatusAnswer>,
  paint: Paint,
): string {
  const running = operations.map(({ operationId, rowsDone, rowsTotal, etaSeconds }) => {
    const left = etaSeconds === null ? '' : `, about ${duration(etaSeconds * 1000)} left`;
    return sentence(`${operationId}: ${number(rowsDone)} of ${number(rowsTotal)} rows${left}`);
  });
  const reading = validations.map((row) =>
    sentence(`${row.operationId} reads ${row.entity}: ${number(row.rowsDone)} of ${number(row.rowsTotal)} rows`),
  );
  if (checkpoints.length === 0) return reading.length === 0 ? 'No checkpoint.\n' : reading.join('');
  return (
    running.join('') +
    reading.join('') +
    table(
      [
        { head: 'Entity', text: (row) => row.entity },
        { head: 'Status', text: (row) => (row.undoable === false ? `${row.status}, not undoable` : row.status) },
        { head: 'Rows', align: 'right', text: (row) => number(row.rowsDone) },
        { head: 'Of', align: 'right', text: (row) => number(row.rowsTotal) },
        {
          head: 'Rows/s',
          align: 'right',
          text: (row) => number(row.rowsPerSecond === null ? null : Math.round(row.rowsPerSecond)),
        },
        {
          head: 'ETA',
          align: 'right',
          text: (row) => duration(row.etaSeconds === null ? null : row.etaSeconds * 1000),
        },
        {
          head: 'Heartbeat',
          align: 'right',
          text: (row) => (row.heartbeatAgeSeconds === null ? '-' : `${duration(row.heartbeatAgeSeconds * 1000)} ago`),
        },
        { head: 'Owner', text: (row) => row.owner ?? '-' },
        { head: 'Operation', text: (row) => row.operationId },
      ],
      checkpoints,
      paint,
    )
  );
}
