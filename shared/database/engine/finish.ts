/** After an entity: what the next run and the application rely on. Nothing here is done when nothing was written. */
import { leafName } from '../../domain/compiled/key-forms.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import type { Session } from '../session.ts';
import { unhurried } from '../session.ts';
import { closeAside } from '../sql/aside.ts';
import { targetKeyColumn } from '../sql/leaf.ts';
import { closeGone } from '../sql/record.ts';

/** The reverse look-up of the mapping: built once after the first load, in order, instead of row by row in random order. */
export async function indexTargetKeys(target: Session, entity: CompiledEntity): Promise<void> {
  await target.run(
    `CREATE INDEX IF NOT EXISTS uuid_mappings_${entity.entityId}_by_target ON ${entity.leaf} (${targetKeyColumn(entity)})`,
  );
}

/** Owned sequences and identities of mapped integer columns go up to the maximum, never down (SEMANTICS 27). */
export async function raiseSequences(target: Session, entity: CompiledEntity): Promise<void> {
  for (const { column } of entity.columns) {
    const quoted = `"${column.replaceAll('"', '""')}"`;
    const { sequence } = await target.one<{ sequence: string | null }>(
      `SELECT pg_get_serial_sequence(${quoteLiteral(entity.target.table)}, ${quoteLiteral(column)}) AS sequence`,
    );
    if (sequence === null) continue;
    await target.run(
      `SELECT setval(${quoteLiteral(sequence)}, m.max) FROM (SELECT max(${quoted})::bigint AS max FROM ${entity.target.table}) m, ${sequence} q WHERE m.max > q.last_value OR (m.max = q.last_value AND NOT q.is_called)`,
    );
  }
}

/** Lends the work another session on the target, where the process has one to lend. */
export type Beside = (work: (target: Session) => Promise<void>) => Promise<void>;

export interface Finished {
  readonly operationNo: number;
  /** The run looked at every row of the entity. */
  readonly sawAll: boolean;
  /** Rows that it wrote. */
  readonly written: number;
  /** The index of the mappings and the statistics of the table are made side by side. */
  readonly beside?: Beside | undefined;
}

/** @param entity as it was compiled for the run that ends */
export async function finishEntity(
  target: Session,
  entity: CompiledEntity,
  { operationNo, sawAll, written, beside }: Finished,
): Promise<void> {
  // A run that looked at every row has seen every difference that is still there, and every row that cannot be written.
  if (sawAll) {
    await target.run(closeGone(entity, operationNo));
    await target.run(closeAside(entity, operationNo));
  }
  if (written === 0) return;
  const ofTable = async (session: Session): Promise<void> => {
    await raiseSequences(session, entity);
    await analyzeOutdated(session, entity.target.table, written);
  };
  const ofMappings = async (): Promise<void> => {
    await indexTargetKeys(target, entity);
    await analyzeOutdated(target, entity.leaf ?? '', written);
  };
  await unhurried(target, async () => {
    if (!(await bothDone(ofMappings, ofTable, beside))) await ofTable(target);
  });
}

/** Both side by side; false when there was no session for the second, which then remains to be done. */
async function bothDone(
  first: () => Promise<void>,
  second: (session: Session) => Promise<void>,
  beside: Beside | undefined,
): Promise<boolean> {
  const session = { lent: false };
  const other = beside?.((another) => {
    session.lent = true;
    return unhurried(another, () => second(another));
  });
  const [one, two] = await Promise.allSettled([first(), other]);
  if (one.status === 'rejected') throw one.reason;
  if (two.status === 'rejected' && session.lent) throw two.reason;
  return session.lent;
}

/** As autovacuum has it: what is less than a tenth of the table does not change a plan. */
const SHARE = 10;

async function analyzeOutdated(target: Session, table: string, written: number): Promise<void> {
  if (await outdated(target, table, written)) await target.run(`ANALYZE ${table}`);
}

/** Statistics that no longer say what the table holds; a partitioned table has none of its own that would tell. */
async function outdated(target: Session, table: string, written: number): Promise<boolean> {
  const { due } = await target.one<{ due: string }>(
    `SELECT (c.relkind <> 'r' OR c.reltuples <= 0 OR (coalesce(pg_stat_get_mod_since_analyze(c.oid), 0) + ${written}) * ${SHARE} >= c.reltuples)::text AS due FROM pg_class c WHERE c.oid = ${quoteLiteral(table)}::regclass`,
  );
  return due === 'true';
}

/** Fresh statistics of an entity's table and mappings. */
export async function analyzeWritten(target: Session, mapName: string, entity: string): Promise<void> {
  const row = await target.maybeOne<{ id: string }>(
    'SELECT entity_id AS id FROM portage.entities WHERE map_name = $1 AND entity = $2',
    [mapName, entity],
  );
  if (row) await unhurried(target, () => target.run(`ANALYZE ${leafName(Number(row.id))}`));
}
