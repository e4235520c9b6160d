/** The last run of one entity against the limits that are set. It reads no rows, and says nothing about the data. */
import {
  checkPieceInput,
  checkPieceOutput,
  type CheckPieceInput,
  type CheckPieceOutput,
} from '../../shared/contracts/validation.ts';
import { checkPerformance as checkRun } from '../../shared/database/validate/check-performance.ts';
import { step, type Invocation } from '../step.ts';
import { withPiece } from '../validation-piece.ts';

export const checkPerformance = (input: CheckPieceInput, deps: Invocation): Promise<CheckPieceOutput> =>
  withPiece(input, deps, async ({ sides, loaded }) => {
    const performance = await checkRun(sides.target, loaded.map.name, input.entity, deps.settings(loaded.map));
    return {
      read: {
        hashMode: null,
        sourceRows: null,
        targetRows: null,
        buckets: null,
        differing: null,
        bytes: null,
        details: { performance },
      },
    };
  });

export const handler = step(
  'CheckPerformance',
  { input: checkPieceInput, output: checkPieceOutput },
  checkPerformance,
  'validation',
);
