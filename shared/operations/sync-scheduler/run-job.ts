import { finishRunOutput, runJobRequest, type FinishRunOutput } from '../../contracts/synchronization.ts';
import { operation } from '../operation.ts';

/** 3 when it did not finish, 1 when conflicts are open, rows were set aside, or what was written differs, else 0 (SEMANTICS 37). */
export function runExit({ status }: FinishRunOutput): 0 | 1 | 3 {
  if (status === 'stopped') return 3;
  return status === 'completed_with_findings' ? 1 : 0;
}

export const runJob = operation({
  program: 'sync-scheduler',
  name: 'run-job',
  purpose: 'Runs a synchronization job now, beside its schedule.',
  class: 'synchronization',
  input: runJobRequest,
  answer: finishRunOutput,
  finds: 'rows were set aside, conflicts are open, or what was written differs',
  exit: runExit,
  flags: [
    { name: 'name', kind: 'text', placeholder: 'NAME', help: 'the job' },
    { name: 'manual', kind: 'switch', help: 'by hand, and not for a scheduled time (the default)' },
    { name: 'no-wait', kind: 'switch', cliOnly: true, help: 'start it, print the operation id and return' },
  ],
  examples: ['sync-scheduler run-job --name nightly --manual', 'sync-scheduler run-job --name nightly --manual --json'],
});
