import { testStrategyAnswer, testStrategyRequest } from '../../contracts/resolution.ts';
import { operation } from '../operation.ts';
import { INCLUDE, STRATEGY } from './flags.ts';

export const testStrategy = operation({
  program: 'conflict-resolver',
  name: 'test-strategy',
  purpose: 'Says what a strategy would do to each open conflict, column by column; changes nothing.',
  class: 'inspect',
  input: testStrategyRequest,
  answer: testStrategyAnswer,
  exit: () => 0,
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    STRATEGY,
    INCLUDE,
    {
      name: 'force',
      kind: 'switch',
      help: 'as if with --force: also rows that changed again since they were recorded',
    },
    { name: 'dry-run', kind: 'switch', help: 'there is no other way to run it (the default)' },
  ],
  examples: [
    'conflict-resolver test-strategy --entity patients --strategy newest_wins --dry-run',
    `conflict-resolver test-strategy --entity patients --strategy 'merge_fields then source_wins' --json`,
  ],
});
