/** What the states of the `validation` machine take and give. States carry ids and counts, never rows. */
import * as z from 'zod';
import { answerElsewhere } from '../operations/large-answer.ts';
import { circumstances, cutOver, sourceMark } from './cut-over.ts';
import { entitySelection } from './migration.ts';
import { rowProgress } from './operation.ts';

export const VALIDATION_TYPES = [
  'data_integrity',
  'relationship_integrity',
  'completeness',
  'performance',
  'all',
] as const;

const requested = z.strictObject({
  command: z.literal('data-validator validate'),
  entities: entitySelection.default('all'),
  type: z.enum(VALIDATION_TYPES).default('all'),
  quick: z.boolean().default(false),
  verbose: z.boolean().default(false),
  comprehensive: z.boolean().default(false),
  output: z.string().min(1).optional(),
  /** First sets references to the source's own parent where the mapping proves it: an operation of its own. */
  fixReferences: z.boolean().default(false),
  /** A verdict that is not match ends the execution as failed, with its code: for alarms of the console. */
  fail: z.boolean().default(false),
});

/** The execution input. */
export const validateRequest = requested
  .refine(({ quick, type }) => !quick || type !== 'performance', {
    path: ['quick'],
    message: 'performance reads no rows: there is nothing to sample',
  })
  .refine(({ fixReferences, type }) => !fixReferences || ['relationship_integrity', 'all'].includes(type), {
    path: ['fixReferences'],
    message: '--fix-references needs a type that looks at references: relationship_integrity, or all',
  });

/** As the ledger has it: for a cut-over with what the source was like when it began. */
export const plannedValidation = requested.extend({ cutOver: sourceMark.optional() });
export type ValidateRequest = z.output<typeof plannedValidation>;

const execution = z.string();
const stateError = z.looseObject({ Error: z.string(), Cause: z.string().optional() });

export const checkName = z.enum(['integrity', 'relationships', 'completeness', 'performance']);

/** `state` is the execution input at first, then what the step itself has left. */
export const fixReferencesInput = z.strictObject({
  execution,
  request: z.unknown(),
  state: z.looseObject({ unfinished: rowProgress.optional() }),
});
export type FixReferencesInput = z.output<typeof fixReferencesInput>;
/** Without `unfinished` it is done: what it has written, the ledger knows. */
export const fixReferencesOutput = z.strictObject({ unfinished: rowProgress.optional() });
export type FixReferencesOutput = z.output<typeof fixReferencesOutput>;

const finding = z.strictObject({
  entity: z.string(),
  code: z.string(),
  legacyId: z.string().optional(),
  message: z.string(),
});

export const planValidationInput = z.strictObject({ execution, request: z.unknown() });
export const planValidationOutput = z.strictObject({
  operationId: z.string(),
  /** How many pieces side by side. */
  lanes: z.int().min(1),
  /** Pieces that are read one after the other, from `piece` to `last`; entity and check are those of the first. */
  pieces: z.array(z.strictObject({ piece: z.int(), last: z.int(), entity: z.string(), check: checkName })),
  notices: z.array(z.string()),
  /** Of the reserved entity `test`: what is missing, and nothing else is to be done. */
  probe: z.array(finding).optional(),
});
export type PlanValidationOutput = z.output<typeof planValidationOutput>;

/** One piece: `after` is the last bucket of which the rows were compared, so that a large difference takes several steps. */
export const checkPieceInput = z.looseObject({
  operationId: z.string(),
  piece: z.int(),
  last: z.int(),
  entity: z.string(),
  check: checkName,
  after: z.int().default(-1),
});
export type CheckPieceInput = z.output<typeof checkPieceInput>;
/** The piece to go on with; done where the last one is read. */
export const checkPieceOutput = z.strictObject({
  operationId: z.string(),
  piece: z.int(),
  last: z.int(),
  entity: z.string(),
  check: checkName,
  after: z.int(),
  done: z.boolean(),
});
export type CheckPieceOutput = z.output<typeof checkPieceOutput>;

export const failPieceInput = z.looseObject({
  operationId: z.string(),
  piece: z.int(),
  last: z.int(),
  entity: z.string(),
  check: checkName,
  error: stateError,
});
export type FailPieceInput = z.output<typeof failPieceInput>;

export const judgeInput = z.looseObject({
  operationId: z.string(),
  execution,
  request: z.unknown(),
  plan: planValidationOutput.pick({ probe: true }).loose().optional(),
});
export type JudgeInput = z.output<typeof judgeInput>;

const verdict = z.enum(['match', 'mismatch', 'unknown']);

/** The rows that were read, exactly: half open ranges of the key, or parts by the hash of the key. */
const selection = z.union([
  z.strictObject({ range: z.strictObject({ from: z.string().nullable(), to: z.string().nullable() }) }),
  z.strictObject({ part: z.int(), of: z.int() }),
]);
const pieceRead = z.strictObject({
  check: checkName,
  selection,
  /** Of all its keys, where a sample was read. */
  share: z.number().optional(),
  sourceRows: z.int().nullable(),
  targetRows: z.int().nullable(),
  buckets: z.int().nullable(),
  differing: z.int().nullable(),
  bytes: z.int().nullable(),
  /** How both servers hashed the rows. */
  hash: z.string().nullable(),
  readFrom: z.string().nullable(),
  readTo: z.string().nullable(),
});
const hole = z.strictObject({
  entity: z.string(),
  check: checkName,
  selection: selection.nullable(),
  code: z.string().nullable(),
  message: z.string(),
});

export const DIFFERENCE_KINDS = ['missing', 'extra', 'value', 'orphan', 'wrong_parent'] as const;
const difference = z.strictObject({
  entity: z.string(),
  legacyId: z.string(),
  kind: z.enum(DIFFERENCE_KINDS),
  columns: z.array(z.string()),
  reason: z.string(),
  /** Why, by column. */
  reasons: z.record(z.string(), z.string()).optional(),
});
export const validatedEntity = z.strictObject({
  verdict,
  sourceRows: z.int().nullable(),
  targetRows: z.int().nullable(),
  missing: z.int(),
  extra: z.int(),
  value: z.int(),
  orphan: z.int(),
  wrongParent: z.int(),
  /** Mappings that disagree with the identity of their rows. */
  mappings: z
    .strictObject({
      mapped: z.int(),
      duplicate: z.int(),
      conflicting: z.int(),
      dangling: z.int(),
      unmapped: z.int(),
    })
    .optional(),
});

export const judgeOutput = z.strictObject({
  operationId: z.string(),
  batchId: z.string().nullable(),
  status: z.enum(['completed', 'completed_with_findings', 'stopped', 'failed']),
  type: z.enum(VALIDATION_TYPES),
  verdict,
  coverage: z.strictObject({
    /** Every key of every entity was read on both sides. */
    complete: z.boolean(),
    sampled: z.boolean(),
    entities: z.record(z.string(), z.strictObject({ pieces: z.array(pieceRead) })),
    holes: z.array(hole),
  }),
  entities: z.record(z.string(), validatedEntity),
  differences: z.array(difference).optional(),
  /** Differences that the answer has no room for; the ledger has them all. */
  differencesOmitted: z.int().optional(),
  /** What is wrong beside the rows: mappings, rates. */
  findings: z.array(finding),
  /** Codes of what was found, V001 first. */
  codes: z.array(z.string()),
  /** What --fix-references did before anything was read: its operation, and the rows that it wrote. */
  repair: z.strictObject({ operationId: z.string(), rows: z.int() }).optional(),
  notes: z.array(z.string()),
  /** Where a report or a cut-over was asked for. */
  circumstances: circumstances.optional(),
  cutOver: cutOver.optional(),
  output: z.string().optional(),
});
export type JudgeOutput = z.output<typeof judgeOutput>;
/** What the state gets: the answer, or where it is. */
export const judgedOutput = z.union([answerElsewhere, judgeOutput]);
export type Difference = z.output<typeof difference>;
export type Finding = z.output<typeof finding>;

export const failValidationInput = z.looseObject({ execution, error: stateError });
export const failValidationOutput = z.strictObject({ Error: z.string(), Cause: z.string() });
