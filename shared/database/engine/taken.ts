/** Which rows of a list cannot be written, whatever the others of it do: asked of the target key by key (sql/taken.ts). */
import { refusedRows, type Claim, type Rivals } from '../../domain/taken-values.ts';
import { readExclusiveKeys, type ExclusiveKey } from '../catalog/read-exclusive-keys.ts';
import { claims, ownersBeside, ownersOf, rivals } from '../sql/taken.ts';
import type { Worker } from './worker.ts';

/** More that exclude each other in pairs are not worth a list: they are tried one by one. */
const MOST_PAIRS = 100_000;

interface Held {
  readonly key: string;
  readonly name: string;
  readonly holder: string | null;
  readonly by: string | null;
  readonly held: string;
}

/** Why a row cannot be written, and of which columns. */
interface Refused {
  readonly why: string;
  readonly columns: string | null;
}

/** Of the decided rows: key and reason of those that cannot be written. */
export async function takenOf(worker: Worker, keys: readonly string[]): Promise<ReadonlyMap<string, Refused>> {
  const { target, entity } = worker;
  const exclusive = await readExclusiveKeys(target, entity);
  const held: Held[] = [];
  const contests: Rivals[] = [];
  for (const key of exclusive.keys) {
    const found = await target.rows<Omit<Held, 'name'>>(claims(entity, exclusive, key));
    held.push(...found.map((row) => ({ ...row, name: key.name })));
    const lists = await target.rows<{ keys: string }>(`${rivals(entity, exclusive, key)} LIMIT ${MOST_PAIRS}`);
    if (lists.length < MOST_PAIRS)
      contests.push(...lists.map((row) => ({ name: key.name, keys: JSON.parse(row.keys) as string[] })));
  }
  const refused = refusedRows(keys, await claimsOf(worker, held), contests);
  const columns = new Map(exclusive.keys.map(({ name, elements }) => [name, columnsOf(elements)]));
  return new Map(
    [...refused].map(([key, { name, by }]) => [key, { why: reason(name, by), columns: columns.get(name) ?? null }]),
  );
}

/** Rows that are parked beside the list may still give up what they have: whoever wants that is not refused yet. */
async function claimsOf({ target, entity }: Worker, held: readonly Held[]): Promise<readonly Claim[]> {
  const outside = [...new Set(held.flatMap((row) => (row.by === null ? [row.held] : [])))];
  const rows =
    outside.length === 0
      ? []
      : await target.rows<{ held: string; by: string; parked: string }>(ownersOf(entity), [outside]);
  const owners = new Map(rows.map((row) => [row.held, row]));
  const beside = await besideOf(
    { target, entity },
    outside.filter((key) => !owners.has(key)),
  );
  return held.flatMap(({ held: key, ...claim }) => {
    const owner = claim.by === null ? owners.get(key) : undefined;
    return owner?.parked === 'true' ? [] : [{ ...claim, by: claim.by ?? owner?.by ?? beside.get(key) ?? null }];
  });
}

/** Whom of another entity each key stands for, where entities share the table. */
async function besideOf(
  { target, entity }: Pick<Worker, 'target' | 'entity'>,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const sql = keys.length === 0 ? null : ownersBeside(entity);
  if (sql === null) return new Map();
  const rows = await target.rows<{ held: string; by: string }>(sql, [keys]);
  return new Map(rows.map(({ held, by }) => [held, by]));
}

const columnsOf = (elements: ExclusiveKey['elements']): string | null =>
  elements.flatMap(({ column }) => column ?? []).join(', ') || null;

const reason = (name: string, by: string | null): string =>
  `a unique value is taken already (${name}), by ${by === null ? 'a row that this entity has not written' : `row ${by}`}`;
