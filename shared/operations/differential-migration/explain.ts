import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';

export const explainAnswer = z.looseObject({
  entities: z.array(
    z.looseObject({
      entity: z.string(),
      statements: z.array(
        z.looseObject({
          /** What the statement is for, such as "read the slice". */
          purpose: z.string(),
          side: z.enum(['source', 'target']),
          sql: z.string(),
        }),
      ),
    }),
  ),
});

export const explain = operation({
  program: 'differential-migration',
  name: 'explain',
  purpose: 'Prints the SQL of a batch as it would run, for the administrator who must approve it.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('differential-migration explain'),
    entity: entitySelection,
  }),
  answer: explainAnswer,
  exit: () => 0,
  flags: [{ name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' }],
  examples: ['differential-migration explain --entity doctors', 'differential-migration explain --entity all --json'],
});
