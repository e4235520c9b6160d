/** Operations: one execution that changes data, from its first row in the ledger to its summary. */
import type { EntityMap } from '../../domain/entity-map.ts';
import { PortageError } from '../../domain/errors.ts';
import type { Session } from '../session.ts';

export type OperationType =
  | 'differential_migration'
  | 'synchronization'
  | 'resolution'
  | 'repair'
  | 'rollback'
  | 'restore'
  | 'backup'
  | 'validation';
export type RunStatus =
  'running' | 'completed' | 'completed_with_findings' | 'stopped' | 'failed' | 'skipped' | 'rolled_back';
export type MigrationMode = 'differential' | 'full' | 'missing-only';

const PREFIX: Readonly<Record<OperationType, string>> = {
  differential_migration: 'diff_migration',
  synchronization: 'sync',
  resolution: 'resolve',
  repair: 'repair',
  rollback: 'rollback',
  restore: 'restore',
  backup: 'backup',
  validation: 'validate',
};

export interface Operation {
  readonly operationNo: number;
  readonly operationId: string;
  readonly operationType: OperationType;
  readonly status: RunStatus;
  readonly batchLabel: string | null;
  /** Name of the execution that works on it, or did last. */
  readonly execution: string;
  readonly mapName: string;
  readonly mapHash: string;
  readonly mode: MigrationMode;
  readonly request: Record<string, unknown>;
  /** As the server of the source named itself. */
  readonly sourceDatabase: string;
  readonly stopRequested: boolean;
  readonly startedAt: string;
  readonly notes: readonly string[];
}

export interface NewOperation {
  readonly type: OperationType;
  readonly execution: string;
  readonly batchLabel: string | null;
  readonly mapName: string;
  readonly mapHash: string;
  readonly mode: MigrationMode;
  readonly request: unknown;
  readonly sourceDatabase: string;
}

/** PREFIX_YYYYMMDD_HHMMSS in UTC (SEMANTICS 36). */
export const operationIdAt = (type: OperationType, now: Date): string => {
  const digits = now.toISOString().replaceAll(/\D/g, '');
  return `${PREFIX[type]}_${digits.slice(0, 8)}_${digits.slice(8, 14)}`;
};

/** batch_YYYYMMDD: the default label of an operation that a person starts. */
export const batchLabelAt = (now: Date): string => `batch_${now.toISOString().slice(0, 10).replaceAll('-', '')}`;

const COLUMNS = `operation_no, operation_id, operation_type, status, batch_label, execution, map_name, map_hash, mode, request, source_database,
  (stop_requested_at IS NOT NULL)::text AS stop_requested, started_at, to_json(notes) AS notes`;

const operationOf = (row: Record<string, string | null>): Operation => ({
  operationNo: Number(row['operation_no']),
  operationId: row['operation_id'] ?? '',
  operationType: row['operation_type'] as OperationType,
  status: row['status'] as RunStatus,
  batchLabel: row['batch_label'] ?? null,
  execution: row['execution'] ?? '',
  mapName: row['map_name'] ?? '',
  mapHash: row['map_hash'] ?? '',
  mode: row['mode'] as MigrationMode,
  request: JSON.parse(row['request'] ?? '{}') as Record<string, unknown>,
  sourceDatabase: row['source_database'] ?? '',
  stopRequested: row['stop_requested'] === 'true',
  startedAt: row['started_at'] ?? '',
  notes: JSON.parse(row['notes'] ?? '[]') as string[],
});

/** Whether this execution still works on the operation: nobody has ended it, and no other has taken it up. */
export const isOf = (operation: Operation, execution: string): boolean =>
  operation.status === 'running' && operation.execution === execution;

/** @throws PortageError M013 when it was stopped, M011 when another execution works on it */
export function mustBeOf(operation: Operation, execution: string): void {
  if (isOf(operation, execution)) return;
  const { operationId, status } = operation;
  if (operation.execution === execution && status === 'stopped') throw new PortageError('M013', 'Stopped on request');
  throw new PortageError('M011', `another execution has taken up ${operationId}`, {
    got: `execution ${execution}`,
    expected: `execution ${operation.execution}, ${status}`,
    where: operationId,
  });
}

/** Inserts the operation under the first free id of its second: the unique insert decides, `_2` and so on when taken. */
export async function insertOperation(target: Session, operation: NewOperation, now: Date): Promise<Operation> {
  const base = operationIdAt(operation.type, now);
  for (let attempt = 1; ; attempt++) {
    const row = await target.maybeOne(
      `INSERT INTO portage.operations (operation_id, operation_type, execution, batch_label, map_name, map_hash, mode, request, source_database)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (operation_id) DO NOTHING RETURNING ${COLUMNS}`,
      [
        attempt === 1 ? base : `${base}_${attempt}`,
        operation.type,
        operation.execution,
        operation.batchLabel,
        operation.mapName,
        operation.mapHash,
        operation.mode,
        JSON.stringify(operation.request),
        operation.sourceDatabase,
      ],
    );
    if (row) return operationOf(row);
  }
}

export async function findOperation(target: Session, operationId: string): Promise<Operation | null> {
  const row = await target.maybeOne(`SELECT ${COLUMNS} FROM portage.operations WHERE operation_id = $1`, [operationId]);
  return row && operationOf(row);
}

/** @throws PortageError M005 when the ledger does not know it. */
export async function readOperation(target: Session, operationId: string): Promise<Operation> {
  const operation = await findOperation(target, operationId);
  if (!operation) throw new PortageError('M005', 'the ledger does not know this operation', { got: operationId });
  return operation;
}

/** The newest operation of an execution: the name is all that a failed execution still knows. */
export async function operationOfExecution(target: Session, execution: string): Promise<Operation | null> {
  const row = await target.maybeOne(
    `SELECT ${COLUMNS} FROM portage.operations WHERE execution = $1 ORDER BY operation_no DESC LIMIT 1`,
    [execution],
  );
  return row && operationOf(row);
}

/** What a repair that went before in the same execution wrote. */
export const repairOfExecution = async (
  target: Session,
  execution: string,
): Promise<{ readonly operationId: string; readonly rows: number } | null> => {
  const row = await target.maybeOne<{ operation_id: string; rows: string }>(
    `SELECT o.operation_id, coalesce(sum(b.updated), 0) AS rows FROM portage.operations o
       LEFT JOIN portage.migration_checkpoints c USING (operation_id) LEFT JOIN portage.migration_batches b ON b.checkpoint_id = c.id
     WHERE o.execution = $1 AND o.operation_type = 'repair' GROUP BY o.operation_no ORDER BY o.operation_no DESC LIMIT 1`,
    [execution],
  );
  return row && { operationId: row.operation_id, rows: Number(row.rows) };
};

/** Takes an operation up again under another execution. */
export const reopenOperation = (target: Session, operationId: string, execution: string): Promise<number> =>
  target.run(
    `UPDATE portage.operations SET status = 'running', execution = $2, stop_requested_at = NULL, ended_at = NULL, error_code = NULL, error_message = NULL,
       notes = ARRAY(SELECT n FROM unnest(notes) n WHERE n !~ ' failed: [A-Z]+[0-9]+ ') WHERE operation_id = $1`,
    [operationId, execution],
  );

/** What is said anew each time: what stopped for M006 is continued with an allowance, and a run that was too fast at another pace. */
const SAID_ANEW = [
  'allowDeletes',
  'batchSize',
  'optimizeBatching',
  'streamingMode',
  'memoryMonitoring',
  'maxRate',
  'connectionRetries',
] as const;

/** Takes from the request of whoever continues an operation what does not decide which rows it carries. */
export const renewRequest = (
  target: Session,
  operationId: string,
  request: Readonly<Record<string, unknown>>,
): Promise<number> =>
  target.run(
    'UPDATE portage.operations SET request = (request - $2::text[]) || jsonb_strip_nulls($3::jsonb) WHERE operation_id = $1',
    [
      operationId,
      SAID_ANEW,
      JSON.stringify(Object.fromEntries(SAID_ANEW.map((name) => [name, request[name] ?? null]))),
    ],
  );

/** Connections that were opened only after another try. */
export const addRetries = (target: Session, operationId: string, retries: number): Promise<number> =>
  target.run('UPDATE portage.operations SET connection_retries = connection_retries + $2 WHERE operation_id = $1', [
    operationId,
    retries,
  ]);

export const requestStop = (target: Session, execution: string): Promise<number> =>
  target.run(
    "UPDATE portage.operations SET stop_requested_at = coalesce(stop_requested_at, now()) WHERE execution = $1 AND status = 'running'",
    [execution],
  );

export const endOperation = (
  target: Session,
  operationId: string,
  status: RunStatus,
  summary: unknown,
  error: { code: string; message: string } | null,
): Promise<number> =>
  target.run(
    'UPDATE portage.operations SET status = $2, summary = $3, error_code = $4, error_message = $5, ended_at = now() WHERE operation_id = $1',
    [operationId, status, JSON.stringify(summary), error?.code ?? null, error?.message ?? null],
  );

export const addNote = (target: Session, operationId: string, note: string): Promise<number> =>
  target.run(
    'UPDATE portage.operations SET notes = array_append(notes, $2) WHERE operation_id = $1 AND NOT ($2 = ANY (notes))',
    [operationId, note],
  );

/** Keeps the map as this operation reads it; the same text again is the same map. */
export const registerMap = (target: Session, map: EntityMap, hash: string): Promise<number> =>
  target.run('INSERT INTO portage.maps (map_name, map_hash, document) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
    map.name,
    hash,
    JSON.stringify(map),
  ]);

export async function readMap(target: Session, mapName: string, mapHash: string): Promise<EntityMap> {
  const { document } = await target.one<{ document: string }>(
    'SELECT document FROM portage.maps WHERE map_name = $1 AND map_hash = $2',
    [mapName, mapHash],
  );
  return JSON.parse(document) as EntityMap;
}
