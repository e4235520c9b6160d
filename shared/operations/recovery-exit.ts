/** The exit status that commands of the recovery machine share (SEMANTICS 37). */
import type { FinishRecoveryOutput } from '../contracts/recovery.ts';

/** 3 when it did not finish, 1 when rows had to be kept, else 0. */
export const recoveryExit = (answer: FinishRecoveryOutput): 0 | 1 | 3 => {
  if (answer.status === 'failed' || answer.status === 'stopped') return 3;
  return answer.keptRows > 0 ? 1 : 0;
};
