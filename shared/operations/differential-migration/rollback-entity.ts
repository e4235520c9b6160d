import { finishRecoveryOutput, rollbackEntityRequest } from '../../contracts/recovery.ts';
import { operation } from '../operation.ts';
import { recoveryExit } from '../recovery-exit.ts';

export const rollbackEntity = operation({
  program: 'differential-migration',
  name: 'rollback-entity',
  purpose: 'Takes back what operations did to an entity, newest first; without a choice the newest one.',
  class: 'recovery',
  input: rollbackEntityRequest,
  answer: finishRecoveryOutput,
  finds: 'rows were kept because somebody edited or refers to them, each named',
  exit: recoveryExit,
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    { name: 'last', kind: 'integer', placeholder: 'N', help: 'the N newest operations that wrote it (1)' },
    {
      name: 'since',
      kind: 'text',
      placeholder: 'TIME',
      help: 'every operation begun since, such as 2023-12-01T12:00:00Z',
    },
    { name: 'all', kind: 'switch', help: 'every operation that wrote it; needs --confirm' },
    { name: 'confirm', kind: 'switch', help: 'yes, all of them' },
    {
      name: 'preserve-deps',
      kind: 'switch',
      help: 'do nothing at all where a row of another entity refers to a row that would go, and list those',
    },
    { name: 'dry-run', kind: 'switch', help: 'say what would be taken back and what kept; change nothing' },
    {
      name: 'no-wait',
      kind: 'switch',
      cliOnly: true,
      contradicts: ['dry-run'],
      help: 'start it, print the operation id and return',
    },
  ],
  examples: [
    'differential-migration rollback-entity --entity orders --preserve-deps',
    'differential-migration rollback-entity --entity orders --last 2 --dry-run',
    'differential-migration rollback-entity --entity orders,patients --since 2023-12-01T12:00:00Z',
    'differential-migration rollback-entity --entity orders --all --confirm',
  ],
});
