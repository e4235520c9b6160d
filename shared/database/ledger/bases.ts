/**
 * Bases and what they were taken over: which columns, of which types, hashed by which servers. Where any of that is
 * another now, the bases of the entity are brought over before a row is compared with them (SEMANTICS 5 and 16), so that
 * neither a changed map nor an upgraded server makes every row look changed.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { PortageError } from '../../domain/errors.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import type { Session } from '../session.ts';
import { unhurried } from '../session.ts';
import { transaction } from '../transactions.ts';
import {
  NEW_COLUMN,
  alignBases,
  copyLeaf,
  forgetSourceHashes,
  forgetTargetHashes,
  placesIn,
  type BaseLayout,
} from '../sql/align.ts';
import { sourceProbe, targetProbe } from '../sql/probe.ts';

interface Sides {
  readonly source: Session;
  readonly target: Session;
}

/** What the bases of an entity were taken over, as the ledger knows it. */
interface Taken extends BaseLayout {
  readonly order: string;
  readonly sourceShape: string;
  readonly targetShape: string;
  /** Null until rows were prepared for the first time. */
  readonly sourceProbe: string | null;
  readonly targetProbe: string | null;
}

interface Probes {
  readonly source: string;
  readonly target: string;
}

async function ask({ source, target }: Sides): Promise<Probes> {
  const [ofSource, ofTarget] = await Promise.all([
    source.one<{ probe: string }>(sourceProbe(source.serverVersion)),
    target.one<{ probe: string }>(targetProbe(target.serverVersion)),
  ]);
  return { source: ofSource.probe, target: ofTarget.probe };
}

async function takenOf(target: Session, entity: CompiledEntity): Promise<Taken> {
  const row = await target.one(
    `SELECT order_key, source_shape, target_shape, to_json(base_columns) AS columns, to_json(base_forms) AS forms, source_probe, target_probe
     FROM portage.entities WHERE entity_id = $1`,
    [entity.entityId],
  );
  return {
    order: row['order_key'] ?? '',
    sourceShape: row['source_shape'] ?? '',
    targetShape: row['target_shape'] ?? '',
    columns: JSON.parse(row['columns'] ?? '[]') as string[],
    forms: JSON.parse(row['forms'] ?? '[]') as string[],
    sourceProbe: row['source_probe'] ?? null,
    targetProbe: row['target_probe'] ?? null,
  };
}

/** A value that stands there in so many words: another default gives each row a value of its own. */
const CONSTANT = /^\(?-?(?:'(?:[^']|'')*'|\d+(?:\.\d+)?|true|false)\)?(?:::[\w\s".,()[\]]+)?$/;

/** Constant defaults of the target's columns, by column. */
async function constantDefaults(
  target: Session,
  entity: CompiledEntity,
  columns: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (columns.length === 0) return new Map();
  const rows = await target.rows<{ name: string; value: string; type: string }>(
    `SELECT a.attname AS name, coalesce(pg_get_expr(d.adbin, d.adrelid), pg_get_expr(t.typdefaultbin, 0)) AS value, format_type(a.atttypid, a.atttypmod) AS type
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = ${quoteLiteral(entity.target.table)}::regclass AND a.attname = ANY ($1::text[]) AND (d.adbin IS NOT NULL OR t.typdefaultbin IS NOT NULL)`,
    [columns],
  );
  return new Map(
    rows.filter(({ value }) => CONSTANT.test(value)).map(({ name, value, type }) => [name, `(${value})::${type}`]),
  );
}

/** The statements that bring the bases over; none when they are comparable as they are. */
async function alignment(
  target: Session,
  entity: CompiledEntity,
  taken: Taken,
  probes: Probes,
): Promise<readonly string[]> {
  const sourceComparable =
    taken.sourceShape === entity.sourceShape && (taken.sourceProbe ?? probes.source) === probes.source;
  const forgetSource = sourceComparable ? [] : [forgetSourceHashes(entity)];
  if ((taken.targetProbe ?? probes.target) !== probes.target) return [...forgetSource, forgetTargetHashes(entity)];
  if (taken.targetShape === entity.targetShape) return forgetSource;
  const places = placesIn(taken, entity);
  const added = entity.baseColumns.filter((_, i) => places[i] === NEW_COLUMN);
  return alignBases(entity, taken, await constantDefaults(target, entity, added), sourceComparable);
}

function refuseOtherKey(entity: CompiledEntity, taken: Taken): void {
  if (taken.order === entity.order) return;
  throw new PortageError('SYS002', `the source key of ${entity.name} is of another kind than in earlier runs`, {
    where: `entities.${entity.name}.source.key`,
    got: entity.order === 'integer' ? 'one integer' : 'text, or several columns',
    expected: taken.order === 'integer' ? 'one integer' : 'text, or several columns',
    next: 'Keep the key, or give the entity another name: its rows are then found by their identity.',
  });
}

/**
 * Makes the bases of an entity comparable with what both servers say now. To be called by its owner alone. One transaction:
 * killed in it, the next run does it again.
 * @throws PortageError SYS002 when the key is of another kind than the mappings that there are.
 */
export async function bringOverBases(sides: Sides, entity: CompiledEntity): Promise<void> {
  const { target } = sides;
  const probes = await ask(sides);
  const taken = await takenOf(target, entity);
  refuseOtherKey(entity, taken);
  const same =
    taken.sourceShape === entity.sourceShape &&
    taken.targetShape === entity.targetShape &&
    taken.sourceProbe === probes.source &&
    taken.targetProbe === probes.target;
  if (same) return;
  await unhurried(target, () =>
    transaction(target, async () => {
      for (const statement of await alignment(target, entity, taken, probes)) await target.run(statement);
      await target.run(
        `UPDATE portage.entities SET source_shape = $2, target_shape = $3, base_columns = $4, base_forms = $5, source_probe = $6, target_probe = $7 WHERE entity_id = $1`,
        [
          entity.entityId,
          entity.sourceShape,
          entity.targetShape,
          entity.baseColumns,
          entity.baseForms,
          probes.source,
          probes.target,
        ],
      );
    }),
  );
}

/** The entity with bases that are comparable, in a temporary table where those of the ledger are not: for a dry run. */
export async function withComparableBases(sides: Sides, entity: CompiledEntity): Promise<CompiledEntity> {
  if (entity.leaf === null) return entity;
  const { target } = sides;
  const taken = await takenOf(target, entity);
  refuseOtherKey(entity, taken);
  const copy = copyLeaf(entity);
  const aligned = { ...entity, leaf: copy.name };
  const statements = await alignment(target, aligned, taken, await ask(sides));
  if (statements.length === 0) return entity;
  await unhurried(target, async () => {
    for (const statement of [copy.sql, ...statements]) await target.run(statement);
  });
  return aligned;
}

/** Whether the bases of the entity are still taken over what this compilation of it says. */
export async function basesAreOf(target: Session, entity: CompiledEntity): Promise<boolean> {
  const taken = await takenOf(target, entity);
  const { probe } = await target.one<{ probe: string }>(targetProbe(target.serverVersion));
  return (
    taken.sourceShape === entity.sourceShape &&
    taken.targetShape === entity.targetShape &&
    (taken.targetProbe ?? probe) === probe
  );
}
