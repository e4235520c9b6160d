import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';

export const relationship = z.strictObject({
  entity: z.string(),
  column: z.string(),
  parent: z.string(),
  /** The target's own foreign key on the column: it may be missing, or not hold for rows that were there before it. */
  constraint: z.enum(['valid', 'not_valid', 'missing']),
  /** Source rows that stand in the target; of these, references that are set, and that wait for a parent not migrated yet. */
  rows: z.int(),
  set: z.int(),
  waiting: z.int(),
  orphan: z.int(),
  wrongParent: z.int(),
  /** NULL, although the parent that the source names was migrated. */
  lost: z.int(),
  /** Right by the parent's identity, and the mapping says otherwise (M004). */
  mapping: z.int(),
  /** Rows that no mapping stands for, and whose reference leads to no row. */
  unmappedOrphans: z.int(),
  /** How many of them `repair-relationships` can set right. */
  repairable: z.int(),
  /** The first of them. */
  examples: z.array(
    z.strictObject({
      legacyId: z.string().nullable(),
      kind: z.enum(['orphan', 'wrong_parent', 'lost', 'mapping']),
      is: z.string().nullable(),
      shouldBe: z.string().nullable(),
      parentLegacyId: z.string().nullable(),
      reason: z.string(),
    }),
  ),
});
export type Relationship = z.output<typeof relationship>;

export const relationshipsAnswer = z.strictObject({
  broken: z.int(),
  relationships: z.array(relationship),
  /** Rows whose references cannot be computed in the source, by entity. */
  unreadable: z.record(z.string(), z.strictObject({ rows: z.int(), keys: z.array(z.string()) })),
  notes: z.array(z.string()),
});
export type RelationshipsAnswer = z.output<typeof relationshipsAnswer>;

export const analyzeRelationships = operation({
  program: 'migration-analyzer',
  name: 'analyze-relationships',
  purpose:
    "Compares every reference of an entity, and to it, with the source's own: orphans, wrong parents, lost ones.",
  class: 'inspect-rows',
  input: z.strictObject({
    command: z.literal('migration-analyzer analyze-relationships'),
    entity: entitySelection,
    brokenOnly: z.boolean().default(false),
  }),
  answer: relationshipsAnswer,
  finds: 'a reference leads nowhere or to another parent',
  exit: ({ broken, unreadable }) => (broken > 0 || Object.keys(unreadable).length > 0 ? 1 : 0),
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    { name: 'broken-only', kind: 'switch', help: 'leave out references with nothing wrong' },
  ],
  examples: [
    'migration-analyzer analyze-relationships --entity patients --broken-only',
    'migration-analyzer analyze-relationships --entity all --json',
  ],
});
