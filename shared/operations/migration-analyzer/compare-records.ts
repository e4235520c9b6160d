import { RECORD_FLAGS, recordInput, recordsAnswer, recordsExit } from '../compared-records.ts';
import { operation } from '../operation.ts';

export const compareRecords = operation({
  program: 'migration-analyzer',
  name: 'compare-records',
  purpose: 'Shows rows of the source and of the target side by side, by column.',
  class: 'inspect',
  input: recordInput('migration-analyzer compare-records'),
  answer: recordsAnswer,
  finds: 'a row differs, or one side lacks it',
  exit: recordsExit,
  flags: RECORD_FLAGS,
  examples: [
    'migration-analyzer compare-records --entity orders --legacy-id 1001',
    'migration-analyzer compare-records --entity orders --legacy-id 1001,1002 --json',
  ],
});
