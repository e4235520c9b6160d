/** Records that a piece could not be read: the others go on, those of the same item too, and the gate finds the hole. */
import {
  checkPieceOutput,
  failPieceInput,
  type CheckPieceOutput,
  type FailPieceInput,
} from '../../shared/contracts/validation.ts';
import { readOperation } from '../../shared/database/ledger/operations.ts';
import { failPiece as recordFailure } from '../../shared/database/ledger/validation-pieces.ts';
import { faultOf } from '../../shared/domain/state-error.ts';
import { step, type Invocation } from '../step.ts';
import { nextPiece } from '../validation-piece.ts';

export async function failPiece(input: FailPieceInput, deps: Invocation): Promise<CheckPieceOutput> {
  return deps.withTarget(`${input.operationId}:fail`, async (target) => {
    const { operationNo } = await readOperation(target, input.operationId);
    await recordFailure(target, operationNo, input.piece, faultOf(input.error));
    return nextPiece(target, operationNo, input);
  });
}

export const handler = step('FailPiece', { input: failPieceInput, output: checkPieceOutput }, failPiece, 'validation');
