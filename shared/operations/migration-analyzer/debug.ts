import * as z from 'zod';
import { entitySelection } from '../../contracts/migration.ts';
import { operation } from '../operation.ts';

const counted = z.record(z.string(), z.int());
const text = z.string();

const entityState = z.strictObject({
  entity: text,
  mapping: z.strictObject({
    source: text,
    sourceKey: z.array(text),
    where: text.nullable(),
    target: text,
    targetKey: z.array(text),
    identity: z.array(text),
    deletes: text,
    columns: z.int(),
    references: z.array(text),
    referredToBy: z.array(text),
    /** Null where the databases do not fit the map; the faults stand in notes. */
    wave: z.int().nullable(),
  }),
  ledger: z.strictObject({
    /** Null: the ledger does not know the entity yet. */
    entityId: z.int().nullable(),
    leaf: text.nullable(),
    mapped: counted,
    setAside: counted,
    parked: z.int(),
    pendingReferences: counted,
    /** Open ones by kind. */
    differentials: counted,
    fence: z.int().nullable(),
  }),
  checkpoints: z.array(
    z.looseObject({
      id: text,
      operationId: text,
      status: text,
      mode: text,
      rowsDone: z.number(),
      rowsTotal: z.number().nullable(),
      heartbeatAgeSeconds: z.number().nullable(),
      owner: text.nullable(),
      startedAt: text,
      error: z.strictObject({ code: text, message: text }).nullable(),
    }),
  ),
  batches: z.array(
    z.strictObject({
      batchNo: text,
      operationId: text,
      slice: z.int(),
      from: text.nullable(),
      to: text.nullable(),
      read: z.int(),
      inserted: z.int(),
      updated: z.int(),
      setAside: z.int(),
      readMs: z.int(),
      writeMs: z.int(),
      committedAt: text,
    }),
  ),
  /** The newest of the rows set aside and not ignored. */
  failures: z.array(
    z.strictObject({ legacyId: text, code: text, column: text.nullable(), reason: text, lastSeen: text }),
  ),
  /** Sessions that work on it, and what they wait for. */
  sessions: z.array(
    z.strictObject({
      side: z.enum(['source', 'target']),
      pid: z.int(),
      application: text,
      state: text,
      waitsFor: text.nullable(),
      blockedBy: z.array(z.int()),
      seconds: z.number(),
    }),
  ),
  /** Locks of others on the target table or the fence that keep a batch from working. */
  locks: z.array(z.strictObject({ relation: text, pid: z.int(), application: text, mode: text, granted: z.boolean() })),
  /** What ended an operation or this entity's part of it, newest first. */
  lastErrors: z.array(z.strictObject({ operationId: text, at: text, code: text, message: text })),
  notes: z.array(text),
});

export type EntityState = z.output<typeof entityState>;
export const debugAnswer = z.strictObject({ entities: z.array(entityState) });

export const debug = operation({
  program: 'migration-analyzer',
  name: 'debug',
  purpose:
    'Everything known of an entity on one page: mapping, checkpoints, batches, failures, locks, differences, errors.',
  class: 'inspect',
  input: z.strictObject({
    command: z.literal('migration-analyzer debug'),
    entity: entitySelection,
    verbose: z.boolean().default(false),
  }),
  answer: debugAnswer,
  exit: () => 0,
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    { name: 'verbose', kind: 'switch', help: 'more checkpoints, batches, failures and errors' },
  ],
  examples: ['migration-analyzer debug --entity orders --verbose', 'migration-analyzer debug --entity orders --json'],
});
