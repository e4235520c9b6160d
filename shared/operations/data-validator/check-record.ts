import { RECORD_FLAGS, recordInput, recordsAnswer, recordsExit } from '../compared-records.ts';
import { operation } from '../operation.ts';

export const checkRecord = operation({
  program: 'data-validator',
  name: 'check-record',
  purpose: 'One row in all its places: source, mapping, target and bases, with a verdict by column.',
  class: 'inspect',
  input: recordInput('data-validator check-record'),
  answer: recordsAnswer,
  finds: 'the row differs, or one side lacks it (V005)',
  exit: recordsExit,
  flags: RECORD_FLAGS,
  examples: [
    'data-validator check-record --entity doctors --legacy-id 12345',
    `data-validator check-record --entity rates --legacy-id '[["EUR","2009-01-01"]]' --json`,
  ],
});
