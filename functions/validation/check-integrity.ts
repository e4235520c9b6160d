/** Compares keys, values and references of one piece on both sides, down to the column that differs. */
import {
  checkPieceInput,
  checkPieceOutput,
  type CheckPieceInput,
  type CheckPieceOutput,
} from '../../shared/contracts/validation.ts';
import { step, type Invocation } from '../step.ts';
import { compareRows, withPiece } from '../validation-piece.ts';

export const checkIntegrity = (input: CheckPieceInput, deps: Invocation): Promise<CheckPieceOutput> =>
  withPiece(input, deps, (work) => compareRows(work, input, deps));

export const handler = step(
  'CheckIntegrity',
  { input: checkPieceInput, output: checkPieceOutput },
  checkIntegrity,
  'validation',
);
