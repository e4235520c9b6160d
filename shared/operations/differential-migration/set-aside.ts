import * as z from 'zod';
import { entitySelection, finishMigrationOutput, legacyKeys } from '../../contracts/migration.ts';
import { migrationExit } from '../migration-exit.ts';
import { operation } from '../operation.ts';

export const setAsideList = z.strictObject({
  /** The first of them; all of them are in the file of --output. */
  rows: z.array(
    z.strictObject({
      entity: z.string(),
      legacyId: z.string(),
      code: z.string(),
      column: z.string().nullable(),
      reason: z.string(),
      state: z.enum(['open', 'ignored']),
      ignoredReason: z.string().nullable(),
      /** The operation that saw it last. */
      operationId: z.string(),
      firstSeen: z.string(),
      lastSeen: z.string(),
    }),
  ),
  open: z.int(),
  ignored: z.int(),
  /** Where not all are in `rows`: how many there are of each kind, causes before what follows from them, with one reason. */
  kinds: z
    .array(
      z.strictObject({
        entity: z.string(),
        code: z.string(),
        column: z.string().nullable(),
        rows: z.int(),
        reason: z.string(),
      }),
    )
    .optional(),
  output: z.string().optional(),
});
export const setAsideIgnored = z.strictObject({
  entity: z.string(),
  /** Legacy keys that are ignored from now on. */
  ignoredNow: z.array(z.string()),
  reason: z.string(),
  /** Keys that are not on the list. */
  notListed: z.array(z.string()),
});

export const setAside = operation({
  program: 'differential-migration',
  name: 'set-aside',
  purpose: 'The rows that could not be written: lists them with the reason, tries them again, or ignores some.',
  class: 'inspect',
  classOf: (input) => ('retry' in input && input.retry === true ? 'migration' : 'inspect'),
  input: z
    .strictObject({
      command: z.literal('differential-migration set-aside'),
      entity: entitySelection,
      retry: z.boolean().optional(),
      ignore: legacyKeys.optional(),
      reason: z.string().trim().min(1).max(2000).optional(),
      output: z.string().min(1).optional(),
    })
    .refine(({ ignore, reason }) => ignore === undefined || reason !== undefined, {
      path: ['reason'],
      message: '--ignore needs a --reason, for whoever reads the list later',
    })
    .refine(({ ignore, reason }) => ignore !== undefined || reason === undefined, {
      path: ['ignore'],
      message: '--reason says why rows are ignored: name them in --ignore',
    })
    .refine(({ ignore, entity }) => ignore === undefined || (entity !== 'all' && entity.length === 1), {
      path: ['entity'],
      message: '--ignore names rows of one entity: name exactly one in --entity',
    }),
  answer: z.union([setAsideList, setAsideIgnored, finishMigrationOutput]),
  finds: 'rows are set aside, or a row named in --ignore is not among them',
  exit: (answer) => {
    if ('ignoredNow' in answer) return answer.notListed.length > 0 ? 1 : 0;
    return 'open' in answer ? (answer.open > 0 ? 1 : 0) : migrationExit(answer);
  },
  flags: [
    { name: 'entity', kind: 'names', placeholder: 'NAME', help: 'the entity, a comma list, or all' },
    {
      name: 'retry',
      kind: 'switch',
      contradicts: ['ignore', 'output'],
      help: 'migrate exactly these rows again; what is written leaves the list',
    },
    {
      name: 'ignore',
      kind: 'keys',
      placeholder: 'KEYS',
      contradicts: ['output'],
      help: 'do without these rows: 1,2,3, or a JSON array (of arrays where the key has several columns); they count no more, until the source row changes',
    },
    { name: 'reason', kind: 'text', placeholder: 'TEXT', help: 'why they are ignored' },
    {
      name: 'output',
      kind: 'text',
      placeholder: 'FILE',
      help: 'write the whole list into FILE: CSV where it ends in .csv, else JSON',
    },
    {
      name: 'no-wait',
      kind: 'switch',
      cliOnly: true,
      contradicts: ['ignore', 'output'],
      help: 'with --retry: start it, print the operation id and return',
    },
  ],
  examples: [
    'differential-migration set-aside --entity all',
    'differential-migration set-aside --entity orders --output aside.csv',
    'differential-migration set-aside --entity orders --retry',
    'differential-migration set-aside --entity orders --ignore 17,18 --reason "test orders of 2009"',
    `differential-migration set-aside --entity rates --ignore '[["EUR","2009-01-01"]]' --reason "entered twice"`,
  ],
});
