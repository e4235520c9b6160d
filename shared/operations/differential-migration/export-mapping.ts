import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';

export const exportMappingAnswer = z.strictObject({
  output: z.string(),
  rows: z.int(),
  entities: z.array(z.strictObject({ entity: z.string(), rows: z.int() })),
});

export const exportMapping = operation({
  program: 'differential-migration',
  name: 'export-mapping',
  purpose: 'Writes legacy key and new key of every migrated row as CSV, for reports, URLs and other systems.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('differential-migration export-mapping'),
    entities: entitySelection.default('all'),
    output: z.string().min(1),
  }),
  answer: exportMappingAnswer,
  exit: () => 0,
  flags: [
    { name: 'entities', kind: 'names', placeholder: 'NAMES', help: 'comma list of entities, or all (the default)' },
    {
      name: 'output',
      kind: 'text',
      placeholder: 'FILE',
      help: 'the CSV: entity, legacy_key, target_key, origin; in SQL the same is the view portage.mappings',
    },
  ],
  examples: [
    'differential-migration export-mapping --entities doctors --output doctors.csv',
    'differential-migration export-mapping --entities all --output mapping.csv --json',
  ],
});
