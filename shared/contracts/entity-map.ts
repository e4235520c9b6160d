/**
 * The mapping format (docs/mapping.md) as a zod schema: the one gate through which a map comes in, whether it is a JSON
 * file or TypeScript. The JSON Schema for editors is generated from it (publish-schema.ts).
 */
import * as z from 'zod';
import type { EntityMap } from '../domain/entity-map.ts';
import { PortageError } from '../domain/errors.ts';
import { type Fault, mapFaults } from '../domain/map-faults.ts';
import { SETTING_NAMES, SETTINGS, type Setting, type SettingName, type SettingValue } from '../domain/settings.ts';
import { STRATEGIES } from '../domain/settlement.ts';
import { formFaults, object } from './form-faults.ts';

export { type Fault, mapFaults } from '../domain/map-faults.ts';

// No \0: PostgreSQL has no such character in a name.
const identifier = z.string().regex(/^[^\0]+$/, 'a name that is not empty');
const columnNames = z.array(identifier).min(1, 'at least one column');
const expression = z.string().regex(/\S/, 'an SQL expression over the source row s');
const table = identifier.describe(
  'schema.table, split at the first dot; without a dot the schema is public. Identifiers are exact.',
);
const sensitive = z.boolean().optional().describe('Never in logs, reports or differentials.');
const onInsertOnly = z
  .boolean()
  .optional()
  .describe('Written when the row is inserted, and never compared or written again.');
const onMissing = z
  .enum(['setAside', 'null'])
  .optional()
  .describe('What becomes of a row whose parent does not exist: set aside (default), or NULL.');

const strategy = `(${STRATEGIES.join('|')})`;
export const conflicts = z
  .string()
  .regex(
    new RegExp(`^${strategy}( then ${strategy})?$`),
    `one of ${STRATEGIES.join(', ')}, or two of them as "X then Y"`,
  )
  .describe('The default strategy of this entity; manual if absent.');

const deletes = z
  .union([z.literal('report'), z.literal('propagate'), z.templateLiteral(['soft:', z.string().min(1)])])
  .describe('What becomes of a target row whose source row is gone: report (default), propagate, or soft:COLUMN.');

const forms = {
  refFrom: object({ ref: identifier, from: columnNames, onMissing }).describe(
    'The target key of the parent row that these source columns lead to.',
  ),
  refSql: object({ ref: identifier, sql: expression, onMissing }).describe(
    'The same, with SQL for the key of the parent.',
  ),
  sql: object({ sql: expression, sensitive, onInsertOnly }).describe('SQL over the source row, alias s.'),
  value: object({ value: z.union([z.string(), z.number(), z.boolean(), z.null()]), sensitive }).describe('A constant.'),
  from: object({ from: identifier, sensitive, onInsertOnly }).describe('A source column, with options.'),
};
const columnSchema = z
  .union([identifier.describe('A source column, cast to the type of the target column.'), ...Object.values(forms)])
  .describe('Where the value of a target column comes from.');

const entitySchema = object({
  source: object({
    table,
    key: columnNames.describe('The columns that name a row.'),
    where: expression.optional().describe('Boolean SQL over the source row, alias s: only these rows.'),
    updatedAt: identifier.optional().describe('A timestamp column; only ever a fast path.'),
  }),
  target: object({
    table,
    key: columnNames.describe('One uuid column that columns does not fill, or columns that it fills.'),
    identity: columnNames.optional().describe('The columns that say which source row a target row stands for.'),
    updatedAt: identifier.optional(),
  }),
  columns: z
    .record(identifier, columnSchema)
    .describe('Target column: where its value comes from. Columns that are not named are left alone.'),
  deletes: deletes.optional(),
  conflicts: conflicts.optional(),
  ids: z.enum(['derived', 'random']).optional().describe('UUIDs computed from the key (default), or UUIDv7.'),
});

function settingSchema(setting: Setting): z.ZodType {
  switch (setting.kind) {
    case 'integer':
      return z.int().min(setting.least).max(setting.most).optional().describe(setting.what);
    case 'number':
      return z.number().min(setting.least).max(setting.most).optional().describe(setting.what);
    case 'choice':
      return z.enum(setting.choices).optional().describe(setting.what);
    case 'text':
      return identifier.optional().describe(setting.what);
  }
}
const settingsSchema = object(
  Object.fromEntries(SETTING_NAMES.map((name) => [name, settingSchema(SETTINGS[name])])) as {
    [Name in SettingName]: z.ZodOptional<z.ZodType<SettingValue<Name>>>;
  },
);

// A comma separates names on the command line; control characters and blanks at the ends cannot be typed back.
const entityName = z.string().regex(/^[^\s,\p{Cc}]([^,\p{Cc}]*[^\s,\p{Cc}])?$/u, 'a name without comma');

export const entityMapSchema = object({
  $schema: z.string().optional().describe('For editors.'),
  name: z
    .string()
    .regex(/^[^\p{Cc}]+$/u, 'a name that is not empty')
    .describe('Scopes the ledger and goes into derived UUIDs: never change it.'),
  entities: z.record(entityName, entitySchema),
  sensitive: z.literal('*').optional().describe('Every column is sensitive unless it says "sensitive": false.'),
  settings: settingsSchema.optional(),
});

// The schema and the domain's type say the same: a difference is a compile error here.
type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;
type Parsed = Frozen<Omit<z.infer<typeof entityMapSchema>, '$schema'>>;
type Same<A, B> = [A, B] extends [B, A] ? true : never;
({ schemaIsTheType: true }) satisfies { schemaIsTheType: Same<Parsed, EntityMap> };

/** A map, or everything that is wrong with it: the form first, then what mapFaults finds in the parts whose form is right. */
export function readEntityMap(
  json: unknown,
):
  | { readonly map: EntityMap; readonly faults: readonly [] }
  | { readonly map: null; readonly faults: readonly Fault[] } {
  const result = entityMapSchema.safeParse(json);
  if (!result.success)
    return { map: null, faults: [...formFaults(result.error, json, formMeant), ...faultsOfWhatIsReadable(json)] };
  const { $schema: _editor, ...map } = result.data;
  const faults = mapFaults(map);
  if (Object.keys(map.entities).length === 0) {
    faults.push({ path: 'entities', message: 'the map has no entity', got: '{}', expected: 'at least one entity' });
  }
  return faults.length > 0 ? { map: null, faults } : { map, faults: [] };
}

/** The one form of a column that its fields speak for: a complaint about the others would only confuse. */
function formMeant(path: readonly PropertyKey[], value: unknown): z.ZodType | null {
  if (path.length !== 4 || path[0] !== 'entities' || path[2] !== 'columns') return null;
  if (typeof value !== 'object' || value === null) return null;
  if ('ref' in value) return 'sql' in value ? forms.refSql : forms.refFrom;
  return 'value' in value ? forms.value : 'sql' in value ? forms.sql : 'from' in value ? forms.from : null;
}

/** A map with faults of form still has readable parts; what cannot be read counts as given, so that it is not reported twice. */
function faultsOfWhatIsReadable(json: unknown): Fault[] {
  const entities = Object.entries(fields(fields(json)['entities']));
  const readable = entities.flatMap(([name, entity]) => {
    const { source, target, columns, deletes: rule, conflicts: strategies } = fields(entity);
    const [from, to] = [entitySchema.shape.source.safeParse(source), entitySchema.shape.target.safeParse(target)];
    if (!from.success || !to.success) return [];
    const known = Object.entries(fields(columns)).map(
      ([column, given]) => [column, columnSchema.safeParse(given).data ?? ''] as const,
    );
    const rules = { deletes: deletes.safeParse(rule).data, conflicts: conflicts.safeParse(strategies).data };
    return [[name, { source: from.data, target: to.data, columns: Object.fromEntries(known), ...rules }] as const];
  });
  return mapFaults(
    { entities: Object.fromEntries(readable) },
    entities.map(([name]) => name),
  );
}

const fields = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** One line a fault: `path: message (got ..., expected ...)`. */
export function faultText({ path, message, got, expected }: Fault): string {
  const facts = [
    ...(got === undefined ? [] : [`got ${got}`]),
    ...(expected === undefined ? [] : [`expected ${expected}`]),
  ];
  return `${path}: ${message}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
}

/**
 * The map in `json`, or one SYS002 that lists all of its faults. `where` names the file or variable that it came from.
 */
export function parseEntityMap(json: unknown, where: string): EntityMap {
  const { map, faults } = readEntityMap(json);
  if (map !== null) return map;
  const [first] = faults;
  const count = faults.length === 1 ? 'The mapping has a fault' : `The mapping has ${faults.length} faults`;
  throw new PortageError(
    'SYS002',
    [`${count} (${where}):`, ...faults.map((fault) => `  ${faultText(fault)}`)].join('\n'),
    {
      where: faults.length === 1 && first !== undefined ? `${where}, ${first.path}` : where,
      ...(faults.length === 1 && first?.got !== undefined ? { got: first.got } : {}),
      ...(faults.length === 1 && first?.expected !== undefined ? { expected: first.expected } : {}),
    },
  );
}
