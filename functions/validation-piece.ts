/** One piece of a validation: sessions, the compiled entity, and the frame in which it is read and recorded. */
import { setTimeout as pause } from 'node:timers/promises';
import type { CheckPieceInput, CheckPieceOutput } from '../shared/contracts/validation.ts';
import { plannedValidation } from '../shared/contracts/validation.ts';
import { unhurried, type Session } from '../shared/database/session.ts';
import { completePiece, pieceAt, type Piece, type PieceRead } from '../shared/database/ledger/validation-pieces.ts';
import { checkMappings } from '../shared/database/validate/check-mappings.ts';
import { comparePiece } from '../shared/database/validate/compare-piece.ts';
import { hashModeOf } from '../shared/database/validate/hash-mode.ts';
import { PortageError } from '../shared/domain/errors.ts';
import { SETTLE_MS } from '../shared/domain/settings.ts';
import { quoteIdentifier } from '../shared/domain/identifiers.ts';
import { logger } from '../shared/log/current.ts';
import type { LoadedOperation, Sides } from './dependencies.ts';
import { entityOf } from './entity-worker.ts';
import type { Invocation } from './step.ts';
import { SCOPE_OF, hearsWitness } from './validation-checks.ts';

export interface PieceWork {
  readonly sides: Sides;
  readonly loaded: LoadedOperation;
  readonly piece: Piece;
}

/** What became of a piece: read to its end, or up to a bucket when the step's time was up. */
export type PieceResult = { readonly read: Omit<PieceRead, 'readFrom'> } | { readonly after: number };

/** Reads a piece once; one that is recorded already is not read again. */
export async function withPiece(
  input: CheckPieceInput,
  deps: Invocation,
  work: (work: PieceWork) => Promise<PieceResult>,
): Promise<CheckPieceOutput> {
  const { operationId, piece: number, last, entity, check } = input;
  const output = (after: number): CheckPieceOutput => ({
    operationId,
    piece: number,
    last,
    entity,
    check,
    after,
    done: false,
  });
  return deps.withSides(`${operationId}:${entity}`, [], async (sides) => {
    const loaded = await deps.loadOperation(sides, operationId);
    const { operation } = loaded;
    if (operation.stopRequested) throw new PortageError('M013', 'Stopped on request');
    const piece = await pieceAt(sides.target, operation.operationNo, number);
    if (piece.status !== 'planned') return nextPiece(sides.target, operation.operationNo, input);
    const readFrom = deps.now();
    await sides.source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entityOf(loaded, entity).source.schema)}`);
    const result = await unhurried(sides.source, () => unhurried(sides.target, () => work({ sides, loaded, piece })));
    if ('after' in result) return output(result.after);
    await completePiece(sides.target, operation.operationNo, number, { ...result.read, readFrom });
    logger('validation').info('validation piece', {
      operation: operationId,
      entity,
      check,
      piece: number,
      sourceRows: result.read.sourceRows,
      targetRows: result.read.targetRows,
      differing: result.read.differing,
      ms: deps.now().getTime() - readFrom.getTime(),
      memoryMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    });
    return nextPiece(sides.target, operation.operationNo, input);
  });
}

/** What to go on with when a piece is read, or could not be: the next one of the item may be of another entity and check. */
export async function nextPiece(
  target: Session,
  operationNo: number,
  { operationId, piece, last, entity, check }: Omit<CheckPieceOutput, 'after' | 'done'>,
): Promise<CheckPieceOutput> {
  if (piece >= last) return { operationId, piece: last, last, entity, check, after: -1, done: true };
  const next = await pieceAt(target, operationNo, piece + 1);
  return { operationId, piece: piece + 1, last, entity: next.entity, check: next.check, after: -1, done: false };
}

/** Compares the rows of a piece by what its check is about. */
export async function compareRows(
  { sides, loaded, piece }: PieceWork,
  input: CheckPieceInput,
  deps: Invocation,
): Promise<PieceResult> {
  const check = piece.check === 'performance' ? 'integrity' : piece.check;
  const scope = SCOPE_OF[check];
  const mode = await hashModeOf(sides.source, sides.target);
  const entity = entityOf(loaded, input.entity);
  const viewer: Parameters<typeof comparePiece>[0] = {
    ...sides,
    entity,
    witnessed: hearsWitness(requestOf(loaded), piece, entity),
    look: {
      mode,
      piece: piece.selection,
      share: piece.share,
      compared: scope.values ? 'everything' : scope.references ? 'references' : 'keys',
      without: [],
    },
    scope,
    operationNo: loaded.operation.operationNo,
    piece: piece.piece,
    settleMs: deps.settings(loaded.map).settleMs ?? SETTLE_MS,
    pause: (ms) => pause(ms),
    timeIsUp: deps.timeIsUp,
  };
  const compared = await comparePiece(viewer, piece.expectedRows ?? 0, input.after);
  if ('after' in compared) return compared;
  const { sourceRows, targetRows, buckets, differing, bytes, unreadable, witness } = compared;
  const details = {
    ...(unreadable > 0 ? { unreadable } : {}),
    ...(witness === null
      ? {}
      : {
          mappings: await checkMappings(sides.target, entity, loaded.operation.operationNo, piece.piece, witness),
        }),
  };
  return {
    read: {
      hashMode: mode,
      sourceRows,
      targetRows,
      buckets,
      differing,
      bytes,
      details: Object.keys(details).length > 0 ? details : null,
    },
  };
}

/** What the operation was asked for. */
export const requestOf = (loaded: LoadedOperation) => plannedValidation.parse(loaded.operation.request);
