/** Compares the keys of one piece, both ways: rows that are missing in the target, and rows that nothing in the source asks for. */
import {
  checkPieceInput,
  checkPieceOutput,
  type CheckPieceInput,
  type CheckPieceOutput,
} from '../../shared/contracts/validation.ts';
import { step, type Invocation } from '../step.ts';
import { compareRows, withPiece } from '../validation-piece.ts';

export const checkCompleteness = (input: CheckPieceInput, deps: Invocation): Promise<CheckPieceOutput> =>
  withPiece(input, deps, (work) => compareRows(work, input, deps));

export const handler = step(
  'CheckCompleteness',
  { input: checkPieceInput, output: checkPieceOutput },
  checkCompleteness,
  'validation',
);
