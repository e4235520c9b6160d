/**
 * How the target is projected back to the source's identity, so that both sides can be compared without trusting the
 * mapping (SEMANTICS 33): a row stands for the legacy key that its identity columns say, a reference for the legacy key
 * that the identity of its parent says. Only where identity columns do not say it the mapping is asked.
 *
 * Aliases: `q` the projected source row, `g` the staged source row, `t` the target row with `portage_*` columns beside
 * its own (sql/validate/project.ts).
 */
import { columnOf, underlying, type Column } from '../catalog.ts';
import { qualifiedName, quoteIdentifier } from '../identifiers.ts';
import type { OrderKind } from '../order-kind.ts';
import { hashForms, keyHashed, textOf, type HashedForm } from '../row-hash.ts';
import { collated } from '../value-types.ts';
import { projectIdentity, type Join } from './identity-projection.ts';
import { keyColumns, mustHave, orderOf, type CompileContext, type EntityFacts } from './key-forms.ts';
import { reasonOfValue } from './value-reasons.ts';
import { byIdentityValues, byLegacyKey, byMapping, type Pairing } from './pairing.ts';
import type { CompiledColumn, CompiledReference } from './types.ts';
import type {
  ComparedForms,
  Verification,
  VerifiedForms,
  VerifiedReference,
  VerifiedValue,
} from './verification-types.ts';

const wireTypeName = (wire: string): string => /"(.*?)"/.exec(wire)?.[1] ?? 'text';

/** The forms of one column on both sides. */
function formsOf(
  facts: EntityFacts,
  column: CompiledColumn,
  mode: 'record' | 'text',
  sourceVersion: number,
): VerifiedForms {
  const inTarget = mustHave(facts.target, column.column, facts.normal.name);
  const { typeInfo } = inTarget;
  const projected = `q.${column.staged ?? ''}`;
  const fixedScale = modifierCast(inTarget, column.wire, sourceVersion) !== null;
  const wire = wireTypeName(column.wire);
  const source: readonly HashedForm[] =
    wire === 'text' || wire === '_text'
      ? [textOf(projected)]
      : hashForms({ ...typeInfo, base: null, builtin: true, kind: 'base', name: wire }, projected, mode, fixedScale);
  const target = hashForms(typeInfo, `t.${quoteIdentifier(column.column)}`, mode, fixedScale);
  return source.length === target.length
    ? { source, target, columns: target.map(() => column.column) }
    : {
        source: [textOf(projected)],
        target: [textOf(`t.${quoteIdentifier(column.column)}`)],
        columns: [column.column],
      };
}

function verifiedReference(
  context: CompileContext,
  reference: CompiledReference,
  number: number,
): { readonly verified: VerifiedReference; readonly joins: readonly Join[] } {
  const parent = context.facts.get(reference.parent);
  if (!parent) throw new RangeError(`no entity ${reference.parent}`);
  const [parentKey] = parent.normal.target.key;
  const ofChild = `t.${quoteIdentifier(reference.column)}`;
  const table = qualifiedName(parent.target);
  const held = columnOf(parent.target, parentKey ?? '');
  const same = (alias: string): string =>
    `${alias}.${quoteIdentifier(parentKey ?? '')} = ${ofChild}${held ? collated(held) : ''}`;
  const orphan = `(${ofChild} IS NOT NULL AND NOT EXISTS (SELECT FROM ${table} AS x WHERE ${same('x')}))`;
  const alias = `r${number}`;
  const byIdentity = projectIdentity(context, parent, alias);
  const base = {
    column: reference.column,
    parent: reference.parent,
    staged: reference.staged,
    orphan,
    onMissing: reference.onMissing,
    order: reference.parentOrder,
  };
  if (byIdentity) {
    const on = [same(alias), ...byIdentity.conditions];
    return {
      verified: { ...base, key: byIdentity.key, byIdentity: true, wide: isWideKey(parent, byIdentity.plain) },
      joins: [{ table: `${table} AS ${alias}`, on }, ...byIdentity.joins],
    };
  }
  if (reference.parentLeaf === null)
    return {
      verified: {
        ...base,
        key: `NULL::${orderOf(parent) === 'integer' ? 'bigint' : 'text'}`,
        byIdentity: false,
        wide: false,
      },
      joins: [],
    };
  const mapped = `${alias}_m`;
  const value = reference.parentKey === 'uuid' ? `${mapped}.target_uuid` : `${mapped}.target_key`;
  const said = reference.parentKey === 'uuid' ? ofChild : `(${ofChild})::text COLLATE "C"`;
  const legacy = `${mapped}.${orderOf(parent) === 'integer' ? 'legacy_id' : 'legacy_key'}`;
  return {
    verified: {
      ...base,
      // A mapping whose row is gone says nothing.
      key: `CASE WHEN ${alias}.${quoteIdentifier(parentKey ?? '')} IS NOT NULL THEN ${legacy} END`,
      byIdentity: false,
      wide: isWideKey(parent, null),
    },
    joins: [
      { table: `${table} AS ${alias}`, on: [same(alias)] },
      { table: `${reference.parentLeaf} AS ${mapped}`, on: [`${value} = ${said}`, `${mapped}.closed_by IS NULL`] },
    ],
  };
}

/** Of a key on both sides. One that needs no more than 32 bits has no upper half. */
function keyForms(
  column: string | null,
  order: OrderKind,
  source: string,
  target: string,
  wide: boolean,
): VerifiedForms {
  const forms = (sql: string): readonly HashedForm[] =>
    order === 'integer' && !wide ? [{ sql, as: 'int8' }] : keyHashed(order, sql);
  return { source: forms(source), target: forms(target), columns: forms('').map(() => column) };
}

const joinedForms = (each: readonly VerifiedForms[]): VerifiedForms => ({
  source: each.flatMap(({ source }) => source),
  target: each.flatMap(({ target }) => target),
  columns: each.flatMap(({ columns }) => columns),
});

const isNarrow = ({ typeInfo }: Column): boolean => /^int[24]$/.test(underlying(typeInfo).name);

/** An integer key that one of the sides may say in more than 32 bits. `said`: the target's column that says it. */
function isWideKey(facts: EntityFacts, said: string | null): boolean {
  if (orderOf(facts) !== 'integer') return false;
  const columns = [...keyColumns(facts), ...(said === null ? [] : [mustHave(facts.target, said, facts.normal.name)])];
  return said === null || !columns.every(isNarrow);
}

const isWide = (facts: EntityFacts, { keyOrder, keyColumn }: Pairing): boolean =>
  keyOrder === 'integer' && isWideKey(facts, keyColumn);

const joined = (joins: readonly Join[]): string =>
  joins.map(({ table, on }) => ` LEFT JOIN ${table} ON ${on.join(' AND ')}`).join('');

/** Everything that the validator asks of an entity. `columns` and `references` are its compiled ones. */
export function compileVerification(
  context: CompileContext,
  facts: EntityFacts,
  columns: readonly CompiledColumn[],
  references: readonly CompiledReference[],
  mark: string | null,
): Verification {
  const parents = references.map((reference, i) => verifiedReference(context, reference, i));
  const verified = parents.map((parent) => parent.verified);
  const live = mark === null ? [] : [`t.${quoteIdentifier(mark)} IS NULL`];
  const own = projectIdentity(context, facts, 't');
  const pairing =
    own !== null
      ? byLegacyKey(facts, own, live)
      : facts.normal.target.identity.length > 0
        ? byIdentityValues(facts, columns, verified, live)
        : byMapping(facts, live);
  const compared = columns.filter((column) => !column.onInsertOnly);
  // A column that says the pairing key as it is says it once.
  const saysKey = ({ column }: CompiledColumn): boolean =>
    pairing.keyOrder === 'integer' && pairing.keyColumn === column;
  const valued = compared.filter((column) => column.kind === 'expression' && !saysKey(column));
  const forms = (mode: 'record' | 'text'): ComparedForms => ({
    key: keyForms(
      null,
      pairing.keyOrder,
      pairing.sourceKey,
      pairing.targetKey,
      mode === 'record' && isWide(facts, pairing),
    ),
    references: joinedForms(
      verified.map(({ column, staged, key, order, wide }) =>
        keyForms(column, order, `q.${staged}`, key, mode === 'record' && wide),
      ),
    ),
    values: joinedForms([
      ...valued.map((column) => formsOf(facts, column, mode, context.sourceVersion)),
      pairing.forms,
    ]),
  });
  const broken = [
    ...verified.map(({ column, key }) => `(t.${quoteIdentifier(column)} IS NOT NULL AND ${key} IS NULL)`),
    ...compared
      .filter(({ kind }) => kind === 'constant')
      .map((column) => `${column.exactTarget} IS DISTINCT FROM ${column.exactDesired}`),
  ];
  return {
    via: pairing.via,
    keyOrder: pairing.keyOrder,
    sourceKey: pairing.sourceKey,
    desiredKey: pairing.desiredKey,
    targetKey: pairing.targetKey,
    legacyText: pairing.legacyText,
    keyColumn: pairing.keyColumn,
    from: `${qualifiedName(facts.target)} AS t${joined([...parents.flatMap(({ joins }) => joins), ...pairing.joins])}`,
    where: pairing.where,
    values: compared.flatMap((column) => (column.kind === 'reference' ? [] : [valueOf(facts, column)])),
    references: verified,
    forms: { record: forms('record'), text: forms('text') },
    broken: broken.length === 0 ? null : broken.join(' OR '),
    sourceColumns: sourceColumns(facts, columns, context.sourceVersion),
  };
}

function valueOf(facts: EntityFacts, column: CompiledColumn): VerifiedValue {
  const reason = reasonOfValue(mustHave(facts.target, column.column, facts.normal.name), {
    wanted: column.desired,
    wantedText: column.textDesired,
    found: `t.${quoteIdentifier(column.column)}`,
    foundText: column.textTarget,
  });
  const differs = `${column.exactDesired} IS DISTINCT FROM ${column.exactTarget}`;
  return { column: column.column, sensitive: column.sensitive, differs, reason };
}

/** The source's expressions with the modifier of the target's column, where the source can do that cast itself. */
function sourceColumns(
  facts: EntityFacts,
  columns: readonly CompiledColumn[],
  sourceVersion: number,
): ReadonlyMap<string, string> {
  return new Map(
    columns.flatMap((column) => {
      if (column.staged === null || column.source === null) return [];
      const target = mustHave(facts.target, column.column, facts.normal.name);
      const cast = column.kind === 'reference' ? null : modifierCast(target, column.wire, sourceVersion);
      return [[column.staged, cast === null ? column.source : castOnce(column, cast)] as const];
    }),
  );
}

/** One cast in place of two: where the expression is a column of that very type the server then casts nothing. */
function castOnce({ source, wire }: CompiledColumn, type: string): string {
  const toWire = `::${wire}`;
  return source?.endsWith(toWire) === true ? `${source.slice(0, -toWire.length)}::${type}` : `(${source})::${type}`;
}

/** The column's type where casting to it on the source gives what the column would hold; null where it says no more than the wire type. */
function modifierCast(column: Column, wire: string, sourceVersion: number): string | null {
  const { typeInfo, type } = column;
  const modified = type.includes('(') || type.startsWith('interval ');
  if (!modified || !typeInfo.builtin || typeInfo.base !== null || /"_?text"$/.test(wire)) return null;
  if (/^(character|bit)/.test(type)) return null; // an explicit cast would cut what the column refuses
  const scale = /^numeric\((\d+),(-?\d+)\)/.exec(type);
  const unusual = scale !== null && (Number(scale[2]) < 0 || Number(scale[2]) > Number(scale[1]));
  return unusual && sourceVersion < 150000 ? null : type;
}
