import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';

const side = z.strictObject({ table: z.string(), rows: z.int().nullable(), bytes: z.int().nullable() });

const analyzedEntity = z.strictObject({
  entity: z.string(),
  /** The first is 1; null where the databases do not fit the map. */
  wave: z.int().nullable(),
  source: side,
  target: side,
  /** Rows that have a mapping. */
  mapped: z.int(),
  /** What a differential run would find; null where it could not be estimated, see notes. */
  estimate: z
    .strictObject({
      new: z.int(),
      adopted: z.int(),
      changed: z.int(),
      deleted: z.int(),
      unchanged: z.int(),
      targetEdited: z.int(),
      setAside: z.int(),
      /** counted: every range that differs was read; sampled: some of them, and the rest is taken to be alike. */
      basis: z.enum(['counted', 'sampled']),
      rowsRead: z.int(),
    })
    .nullable(),
  seconds: z.number().nullable(),
  rate: z.strictObject({
    rowsPerSecond: z.int(),
    basis: z.enum(['measured', 'measured on other entities', 'assumed']),
  }),
});
const problem = z.strictObject({
  severity: z.enum(['fault', 'warning', 'note']),
  path: z.string(),
  message: z.string(),
  got: z.string().optional(),
  expected: z.string().optional(),
});

export const analyzeAnswer = z.strictObject({
  map: z.string(),
  generatedAt: z.string(),
  entities: z.array(analyzedEntity),
  waves: z.array(z.array(z.string())),
  /** Of all entities, those of a wave side by side. */
  seconds: z.number().nullable(),
  problems: z.array(problem),
  notes: z.array(z.string()),
  output: z.string().optional(),
});

export type AnalyzedEntity = z.output<typeof analyzedEntity>;
export type AnalyzeAnswer = z.output<typeof analyzeAnswer>;

export const analyze = operation({
  program: 'differential-migration',
  name: 'analyze',
  purpose:
    'Says what a migration would find: rows, differences, time, waves, and what the schemas stand in its way. Writes nothing.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('differential-migration analyze'),
    entities: entitySelection.default('all'),
    output: z.string().min(1).optional(),
  }),
  answer: analyzeAnswer,
  finds: 'the schemas have a problem that would keep rows out',
  exit: ({ problems }) => (problems.some(({ severity }) => severity === 'fault') ? 1 : 0),
  flags: [
    { name: 'entities', kind: 'names', placeholder: 'NAMES', help: 'comma list of entities, or all (the default)' },
    { name: 'output', kind: 'text', placeholder: 'FILE', help: 'write the report into FILE, as JSON' },
  ],
  examples: [
    'differential-migration analyze --entities all',
    'differential-migration analyze --entities orders --output pre-migration-analysis.json',
  ],
});
