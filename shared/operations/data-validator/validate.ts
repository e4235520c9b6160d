import { judgeOutput, validateRequest, VALIDATION_TYPES } from '../../contracts/validation.ts';
import { operation } from '../operation.ts';
import { validationExit } from '../validation-exit.ts';

export const validate = operation({
  program: 'data-validator',
  name: 'validate',
  purpose: 'Compares the live source, through the mapping, with the live target, both ways, and says what it rests on.',
  class: 'validation',
  input: validateRequest,
  answer: judgeOutput,
  finds: 'the verdict is mismatch, or something beside the rows is wrong (V001 to V004)',
  exit: validationExit,
  flags: [
    {
      name: 'entities',
      kind: 'names',
      placeholder: 'NAMES',
      help: 'comma list of entities, or all (the default); test tries both connections alone',
    },
    {
      name: 'type',
      kind: 'text',
      placeholder: 'TYPE',
      help: `one of ${VALIDATION_TYPES.join(', ')} (the default)`,
    },
    { name: 'quick', kind: 'switch', help: 'a sample of the keys; says what was not read, and never match' },
    { name: 'verbose', kind: 'switch', help: 'every row that differs, with its columns and the reason' },
    {
      name: 'comprehensive',
      kind: 'switch',
      help: 'also mappings, whatever the type, and constraints, triggers and indexes of the target that do not hold',
    },
    {
      name: 'fix-references',
      kind: 'switch',
      contradicts: ['quick'],
      help: "first set references to the source's own parent where the mapping proves it; can be rolled back",
    },
    {
      name: 'output',
      kind: 'text',
      placeholder: 'FILE',
      help: 'write the whole report into FILE: a page to read and to print where it ends in .html, else JSON',
    },
    { name: 'fail', kind: 'switch', help: 'end as failed, with the code of what was found (V001 to V004)' },
    { name: 'no-wait', kind: 'switch', cliOnly: true, help: 'start it, print the operation id and return' },
  ],
  examples: [
    'data-validator validate --entities all',
    'data-validator validate --entities doctors,patients --type data_integrity --verbose',
    'data-validator validate --entities doctors --type relationship_integrity --fix-references',
    'data-validator validate --quick',
    'data-validator validate --entities all --output validation-report.json --json',
    'data-validator validate --entities all --comprehensive --output validation-report.html',
  ],
});
