/** The exit status of a validation (SEMANTICS 37). */
import type { JudgeOutput } from '../contracts/validation.ts';

/** 1 when something was found, 3 when something could not be read, 0 otherwise; a sample without findings is 0. */
export function validationExit({ verdict, findings, coverage, status }: JudgeOutput): 0 | 1 | 3 {
  if (verdict === 'mismatch' || findings.length > 0) return 1;
  return coverage.holes.length > 0 || status === 'stopped' || status === 'failed' ? 3 : 0;
}
