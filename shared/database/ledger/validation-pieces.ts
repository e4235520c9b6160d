/** The pieces of a validation in the ledger: what was planned, and what became of it. */
import type { Session } from '../session.ts';

export type CheckName = 'integrity' | 'relationships' | 'completeness' | 'performance';

export interface PlannedPiece {
  readonly piece: number;
  readonly entity: string;
  readonly entityId: number;
  readonly check: CheckName;
  readonly selection:
    | { readonly range: { readonly from: string | null; readonly to: string | null } }
    | { readonly part: number; readonly of: number };
  readonly share: number | null;
  readonly expectedRows: number | null;
}

export interface Piece extends PlannedPiece {
  readonly status: 'planned' | 'done' | 'failed';
  readonly hashMode: string | null;
  readonly sourceRows: number | null;
  readonly targetRows: number | null;
  readonly buckets: number | null;
  readonly differing: number | null;
  readonly bytes: number | null;
  readonly details: Record<string, unknown> | null;
  readonly readFrom: string | null;
  readonly readTo: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

const count = (value: string | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

const pieceOf = (row: Record<string, string | null>): Piece => ({
  piece: Number(row['piece']),
  entity: row['entity'] ?? '',
  entityId: Number(row['entity_id']),
  check: row['check_name'] as CheckName,
  selection: JSON.parse(row['selection'] ?? '{}') as Piece['selection'],
  share: count(row['share']),
  expectedRows: count(row['expected_rows']),
  status: row['status'] as Piece['status'],
  hashMode: row['hash_mode'] ?? null,
  sourceRows: count(row['source_rows']),
  targetRows: count(row['target_rows']),
  buckets: count(row['buckets']),
  differing: count(row['differing']),
  bytes: count(row['bytes']),
  details: JSON.parse(row['details'] ?? 'null') as Piece['details'],
  readFrom: row['read_from'] ?? null,
  readTo: row['read_to'] ?? null,
  errorCode: row['error_code'] ?? null,
  errorMessage: row['error_message'] ?? null,
});

export async function planPieces(target: Session, operationNo: number, pieces: readonly PlannedPiece[]): Promise<void> {
  await target.run(
    `INSERT INTO portage.validation_pieces (operation_no, piece, entity_id, check_name, selection, share, expected_rows)
     SELECT $1, p.piece, p."entityId", p.check, p.selection, p.share, p."expectedRows"
     FROM json_to_recordset($2::json) AS p (piece int, "entityId" int, "check" text, selection json, share int, "expectedRows" bigint)`,
    [operationNo, JSON.stringify(pieces)],
  );
}

const SELECT = `SELECT p.piece, e.entity, p.entity_id, p.check_name, p.selection, p.share, p.expected_rows, p.status, p.hash_mode, p.source_rows, p.target_rows, p.buckets, p.differing, p.bytes, p.details,
    to_char(p.read_from, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS read_from, to_char(p.read_to, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS read_to, p.error_code, p.error_message
  FROM portage.validation_pieces p JOIN portage.entities e USING (entity_id)`;

export const piecesOf = async (target: Session, operationNo: number): Promise<Piece[]> =>
  (await target.rows(`${SELECT} WHERE p.operation_no = $1 ORDER BY p.piece`, [operationNo])).map(pieceOf);

export const pieceAt = async (target: Session, operationNo: number, piece: number): Promise<Piece> =>
  pieceOf(await target.one(`${SELECT} WHERE p.operation_no = $1 AND p.piece = $2`, [operationNo, piece]));

export interface PieceRead {
  readonly hashMode: string | null;
  readonly sourceRows: number | null;
  readonly targetRows: number | null;
  readonly buckets: number | null;
  readonly differing: number | null;
  readonly bytes: number | null;
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly readFrom: Date;
}

/** A piece that somebody recorded as failed meanwhile stays so: it is not known which of the two read last. */
export const completePiece = (target: Session, operationNo: number, piece: number, read: PieceRead): Promise<number> =>
  target.run(
    `UPDATE portage.validation_pieces SET status = 'done', hash_mode = $3, source_rows = $4, target_rows = $5, buckets = $6, differing = $7, bytes = $8, details = $9, read_from = $10, read_to = clock_timestamp()
     WHERE operation_no = $1 AND piece = $2 AND status = 'planned'`,
    [
      operationNo,
      piece,
      read.hashMode,
      read.sourceRows,
      read.targetRows,
      read.buckets,
      read.differing,
      read.bytes,
      JSON.stringify(read.details),
      read.readFrom.toISOString(),
    ],
  );

export const failPiece = (
  target: Session,
  operationNo: number,
  piece: number,
  error: { readonly code: string; readonly message: string },
): Promise<number> =>
  target.run(
    `UPDATE portage.validation_pieces SET status = 'failed', error_code = $3, error_message = $4 WHERE operation_no = $1 AND piece = $2 AND status = 'planned'`,
    [operationNo, piece, error.code, error.message],
  );
