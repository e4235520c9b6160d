/**
 * A dry run that tries what only writing can find (`--rehearse`): the staged rows of a batch are written, with triggers,
 * foreign keys and unique values as they are, and taken back at once. Parents that have no row in the target yet are written
 * before them in the same transaction, so that what is refused is refused for a reason of its own.
 */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { CompiledReference } from '../../domain/compiled/types.ts';
import { quoteIdentifier, quoteLiteral } from '../../domain/identifiers.ts';
import type { Session } from '../session.ts';
import { DataError } from '../pg-errors.ts';
import { transaction, tried } from '../transactions.ts';
import { gather } from '../sql/decide.ts';
import { allOf, inRange, type KeyRange } from '../sql/range.ts';
import { createScratch, emptyStage, stage, work } from '../sql/scratch.ts';
import { countActions, withOwnSchemas } from './batch-frame.ts';
import { classify } from './batch.ts';
import { close, settle } from './closure.ts';
import type { EstimateRequest } from './estimate-request.ts';
import { reasonFor } from './blame.ts';
import { noteRefused, type Refused, type Rehearsal } from './rehearsal.ts';
import type { Worker } from './worker.ts';
import { writeBatch } from './write-batch.ts';

/** Written before either side's rows are committed, so under no number of a batch. */
const NO_BATCH = '0';
const WROTE = ['insert', 'again', 'update', 'adopt_update'];
const WHOLE = { from: null, to: null };

/** A reference that is cut is written NULL and set at the end: no row waits for it. */
const isNeeded = (reference: CompiledReference): boolean => !reference.cut;

/** Entities without whose rows the entity's own cannot be written. */
export function neededBy(
  entity: CompiledEntity,
  entities: ReadonlyMap<string, CompiledEntity>,
): ReadonlySet<CompiledEntity> {
  const needed = new Set([entity]);
  for (const each of needed)
    for (const reference of each.references) {
      const parent = entities.get(reference.parent);
      if (parent !== undefined && isNeeded(reference)) needed.add(parent);
    }
  return needed;
}

const workerOn = (request: EstimateRequest, rehearsal: Rehearsal, entity: CompiledEntity): Worker => ({
  source: request.source,
  target: request.target,
  entity,
  map: request.map,
  operationNo: rehearsal.operationNo,
  operationId: rehearsal.operationId,
  checkpointId: '',
  fence: 0,
  slice: -1,
  mode: request.mode,
  fresh: false,
  batchRows: request.batchRows,
  ...(request.reading === undefined ? {} : { reading: request.reading }),
  timeIsUp: request.timeIsUp,
  workerOn: () => Promise.resolve(null),
  circle: () => Promise.resolve(null),
  onBatch: () => undefined,
});

/** Temporary tables for the parents; the entity's own are there. */
export async function prepareRehearsal(request: EstimateRequest, rehearsal: Rehearsal): Promise<void> {
  for (const entity of rehearsal.entities)
    if (entity.name !== request.entity.name) await request.target.run(createScratch(entity));
}

/** Writes what is staged of the range, and takes it back. @returns the rows that could not be written */
export async function rehearse(
  request: EstimateRequest,
  rehearsal: Rehearsal,
  range: KeyRange,
): Promise<readonly Refused[]> {
  const { target } = request;
  const began = performance.now();
  const wal = await walPosition(target);
  const before = await sequencesOf(target, rehearsal.entities);
  const workers = rehearsal.entities.map((each) => workerOn(request, rehearsal, each));
  const refused: Refused[] = [];
  const deadRows = await tried(target, async () => {
    const schemas = new Set(rehearsal.entities.map((each) => quoteIdentifier(each.target.relation.schema)));
    await target.run(`SELECT set_config('portage.operation', $1, true), ${withOwnSchemas('$2')}`, [
      rehearsal.operationId,
      [...schemas].join(', '),
    ]);
    return writePart(workers, request.entity, rehearsal, range, refused);
  });
  for (const { key, reason } of refused) noteRefused(rehearsal, request.entity.name, key, reason);
  const { facts } = rehearsal;
  rehearsal.facts = {
    ...facts,
    batches: facts.batches + 1,
    walBytes: facts.walBytes + (await walSince(target, wal)),
    deadRows: facts.deadRows + deadRows,
    longestMs: Math.max(facts.longestMs, Math.round(performance.now() - began)),
    sequences: moved(facts.sequences, before, await sequencesOf(target, rehearsal.entities)),
  };
  return refused;
}

/**
 * Writes a part of what is staged, and by halves what cannot be written as a whole. What could be stays until the batch is
 * taken back: a row that wants what another row of the batch has just taken is refused as it would be.
 * @returns how many rows of target tables were written
 */
async function writePart(
  workers: readonly Worker[],
  entity: CompiledEntity,
  rehearsal: Rehearsal,
  range: KeyRange,
  refused: Refused[],
): Promise<number> {
  const seed = workers.find((worker) => worker.entity.name === entity.name);
  if (seed === undefined) return 0;
  try {
    return await transaction(seed.target, () => write(workers, seed, rehearsal, range));
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const { rows, middle } = await seed.target.one<{ rows: string; middle: string | null }>(
      `SELECT count(*) AS rows, (percentile_disc(0.5) WITHIN GROUP (ORDER BY g.k))::text AS middle FROM ${stage(entity)} g WHERE ${allOf(inRange(entity.order, 'g.k', range))}`,
    );
    if (middle === null) throw error; // no row of ours
    if (rows === '1') {
      refused.push({ key: middle, reason: await reasonFor(seed, middle, error) });
      return 0;
    }
    const first = await writePart(workers, entity, rehearsal, { from: range.from, to: middle }, refused);
    return first + (await writePart(workers, entity, rehearsal, { from: middle, to: range.to }, refused));
  }
}

async function write(workers: readonly Worker[], seed: Worker, rehearsal: Rehearsal, range: KeyRange): Promise<number> {
  const { target } = seed;
  for (const worker of workers) {
    if (worker !== seed) await target.run(emptyStage(worker.entity));
    await target.run(`DELETE FROM ${work(worker.entity)}`);
  }
  await close(workers, seed, rehearsal.closureRows, isNeeded);
  await target.run('SET CONSTRAINTS ALL DEFERRED');
  for (const worker of workers) {
    const facts = { map: worker.map, mode: worker.mode, unmapped: false, final: true, dry: false };
    await target.run(gather(worker.entity, worker === seed ? range : WHOLE, facts));
  }
  await settle(workers, isNeeded);
  let rows = 0;
  for (const worker of workers) await classify(worker, false);
  for (const worker of workers) {
    const decided = await countActions(worker);
    await writeBatch(worker, NO_BATCH, decided);
    for (const { action, rows: count } of decided) if (WROTE.includes(action)) rows += count;
  }
  // What is checked at the end of a transaction would be found by no rollback.
  await target.run('SET CONSTRAINTS ALL IMMEDIATE');
  return rows;
}

const walPosition = async (target: Session): Promise<string> =>
  (await target.one<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn')).lsn;
const walSince = async (target: Session, lsn: string): Promise<number> =>
  Number(
    (
      await target.one<{ bytes: string }>('SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn) AS bytes', [
        lsn,
      ])
    ).bytes,
  );

/** Sequences behind the tables, owned by a column or asked by a default, with their last values. */
async function sequencesOf(target: Session, entities: readonly CompiledEntity[]): Promise<ReadonlyMap<string, number>> {
  const tables = entities.map((entity) => `${quoteLiteral(entity.target.table)}::regclass`).join(', ');
  const rows = await target.rows<{ name: string; last: string | null }>(
    `SELECT s.oid::regclass::text AS name, pg_sequence_last_value(s.oid) AS last FROM pg_class s WHERE CASE WHEN s.relkind = 'S' THEN has_sequence_privilege(s.oid, 'SELECT') ELSE false END
       AND (EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid IN (${tables}) AND d.deptype IN ('a', 'i'))
         OR EXISTS (SELECT FROM pg_depend d JOIN pg_attrdef a ON a.oid = d.objid WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid AND a.adrelid IN (${tables})))`,
  );
  return new Map(rows.map(({ name, last }) => [name, Number(last ?? 0)]));
}

function moved(
  known: Readonly<Record<string, number>>,
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Readonly<Record<string, number>> {
  const sums = { ...known };
  for (const [name, last] of after) {
    const by = Math.abs(last - (before.get(name) ?? 0));
    if (by > 0) sums[name] = (sums[name] ?? 0) + by;
  }
  return sums;
}
