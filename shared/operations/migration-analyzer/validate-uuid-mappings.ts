import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';

export const mappingState = z.strictObject({
  entity: z.string(),
  rows: z.int(),
  mapped: z.int(),
  /** A row bears the identity of a source row, and no mapping says so. */
  missing: z.int(),
  /** The row that the mapping names is not there. */
  dangling: z.int(),
  /** Two mappings name one row. */
  duplicate: z.int(),
  /** M004: the mapping names one row, and another bears the identity. */
  conflicting: z.int(),
  /** Inserted by us, and not under the UUID that its key derives. */
  notDerived: z.int(),
  /** Mapped rows that the source has no longer: the next migration decides on them. */
  sourceGone: z.int(),
  unreadable: z.int(),
  examples: z.array(
    z.strictObject({
      legacyId: z.string(),
      kind: z.enum(['missing', 'dangling', 'duplicate', 'conflicting', 'not_derived']),
      is: z.string().nullable(),
      shouldBe: z.string().nullable(),
      reason: z.string(),
    }),
  ),
});
export type MappingState = z.output<typeof mappingState>;

export const mappingsAnswer = z.strictObject({
  faulty: z.int(),
  mappings: z.array(mappingState),
  notes: z.array(z.string()),
});
export type MappingsAnswer = z.output<typeof mappingsAnswer>;

export const validateUuidMappings = operation({
  program: 'migration-analyzer',
  name: 'validate-uuid-mappings',
  purpose:
    'Compares the mappings of an entity with the rows that they name: missing, duplicate, dangling, conflicting.',
  class: 'inspect-rows',
  input: z.strictObject({
    command: z.literal('migration-analyzer validate-uuid-mappings'),
    entity: entitySelection,
  }),
  answer: mappingsAnswer,
  finds: 'a mapping is missing, dangling, duplicate or conflicting',
  exit: ({ faulty, mappings }) => (faulty > 0 || mappings.some(({ unreadable }) => unreadable > 0) ? 1 : 0),
  flags: [{ name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' }],
  examples: [
    'migration-analyzer validate-uuid-mappings --entity doctors',
    'migration-analyzer validate-uuid-mappings --entity all --json',
  ],
});
