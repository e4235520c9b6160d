/** Figures of a report: grouped by the database, so that months of batches are some hundred numbers here. No value of a row is read. */
import type {
  BatchBin,
  CarriedPoint,
  ColumnCount,
  DifferentialCount,
  MemoryPoint,
  SetAsideCount,
} from '../../domain/performance/report.ts';
import type { Session } from '../session.ts';
import { MOMENT } from '../sql/moment.ts';
import { CARRYING } from './run-figures.ts';

type Row = Record<string, string | null>;
const text = (value: string | null | undefined): string => value ?? '';
const numberOf = (value: string | null | undefined): number => Number(value ?? 0);

/** Bars in a plot of some hundred pixels. */
const SPANS = 60;

export interface ReportQuestion {
  readonly mapName: string;
  readonly entities: readonly string[];
  readonly days: number;
}

/** Batches of the map's entities in the days asked for. */
const BATCHES = `FROM portage.migration_batches b JOIN portage.migration_checkpoints c ON c.id = b.checkpoint_id
  WHERE c.map_name = $1 AND c.entity_type = ANY ($2) AND c.operation_type IN ${CARRYING} AND b.committed_at > now() - make_interval(days => $3)`;
const valuesOf = ({ mapName, entities, days }: ReportQuestion): readonly unknown[] => [mapName, entities, days];

/** Whole seconds of one bar. */
const spanOf = (days: number): number => Math.max(1, Math.ceil((days * 86_400) / SPANS));

export async function carriedRows(target: Session, question: ReportQuestion): Promise<CarriedPoint[]> {
  const span = spanOf(question.days);
  const begin = `to_timestamp(floor(extract(epoch FROM b.committed_at) / ${span}) * ${span})`;
  const rows = await target.rows<Row>(
    `SELECT to_char(${begin}, ${MOMENT}) AS "from", to_char(${begin} + interval '${span} s', ${MOMENT}) AS "to", c.entity_type AS entity, sum(b.rows_read - b.parked) AS rows
     ${BATCHES} GROUP BY 1, 2, 3 HAVING sum(b.rows_read - b.parked) > 0 ORDER BY 1, 3`,
    valuesOf(question),
  );
  return rows.map((row) => ({
    from: text(row['from']),
    to: text(row['to']),
    entity: text(row['entity']),
    rows: numberOf(row['rows']),
  }));
}

export async function batchBins(target: Session, question: ReportQuestion): Promise<BatchBin[]> {
  const bin = (value: string): string => `power(2, round(log(2, greatest(1, ${value})::numeric)))::bigint`;
  const rows = await target.rows<Row>(
    `SELECT ${bin('b.rows_read')} AS rows, ${bin('b.read_ms + b.write_ms')} AS ms, count(*) AS batches ${BATCHES}
     AND b.slice >= 0 AND b.rows_read > 0 AND (b.read_ms > 0 OR b.inserted + b.updated + b.deleted + b.adopted + b.kept + b.conflicts + b.parked + b.set_aside > 0) GROUP BY 1, 2 ORDER BY 1, 2`,
    valuesOf(question),
  );
  return rows.map((row) => ({
    rows: numberOf(row['rows']),
    ms: numberOf(row['ms']),
    batches: numberOf(row['batches']),
  }));
}

export async function memorySeries(target: Session, question: ReportQuestion): Promise<MemoryPoint[]> {
  const span = spanOf(question.days);
  const rows = await target.rows<Row>(
    `SELECT to_char(max(b.committed_at), ${MOMENT}) AS at, max(b.memory_bytes) AS bytes ${BATCHES} AND b.memory_bytes > 0
     GROUP BY floor(extract(epoch FROM b.committed_at) / ${span}) ORDER BY 1`,
    valuesOf(question),
  );
  return rows.map((row) => ({ at: text(row['at']), bytes: numberOf(row['bytes']) }));
}

/** Open ones whenever they were seen; closed ones of the days asked for. */
export async function differentialCounts(target: Session, question: ReportQuestion): Promise<DifferentialCount[]> {
  const rows = await target.rows<Row>(
    `SELECT e.entity, d.comparison_type AS type, count(*) FILTER (WHERE NOT d.resolved) AS open, count(*) FILTER (WHERE d.resolved) AS closed
     FROM portage.data_differentials d JOIN portage.entities e USING (entity_id)
     WHERE e.map_name = $1 AND e.entity = ANY ($2) AND (NOT d.resolved OR d.last_seen > now() - make_interval(days => $3)) GROUP BY 1, 2 ORDER BY 1, 2`,
    valuesOf(question),
  );
  return rows.map((row) => ({
    entity: text(row['entity']),
    type: text(row['type']),
    open: numberOf(row['open']),
    closed: numberOf(row['closed']),
  }));
}

/** Which columns differ, in how many rows; the most of them. */
export async function columnCounts(target: Session, question: ReportQuestion, most: number): Promise<ColumnCount[]> {
  const rows = await target.rows<Row>(
    `SELECT e.entity, u.name AS column, d.comparison_type AS type, count(*) AS rows
     FROM portage.data_differentials d JOIN portage.entities e USING (entity_id) CROSS JOIN LATERAL unnest(d.columns) u(name)
     WHERE e.map_name = $1 AND e.entity = ANY ($2) AND (NOT d.resolved OR d.last_seen > now() - make_interval(days => $3))
     GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT ${most}`,
    valuesOf(question),
  );
  return rows.map((row) => ({
    entity: text(row['entity']),
    column: text(row['column']),
    type: text(row['type']),
    rows: numberOf(row['rows']),
  }));
}

export async function setAsideCounts(target: Session, { mapName, entities }: ReportQuestion): Promise<SetAsideCount[]> {
  const rows = await target.rows<Row>(
    `SELECT e.entity, a.code, sum(a.rows) AS rows FROM portage.set_aside_rows a JOIN portage.entities e USING (entity_id)
     WHERE e.map_name = $1 AND e.entity = ANY ($2) AND a.state = 'open' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`,
    [mapName, entities],
  );
  return rows.map((row) => ({ entity: text(row['entity']), code: text(row['code']), rows: numberOf(row['rows']) }));
}

export async function operationCounts(
  target: Session,
  mapName: string,
  days: number,
): Promise<{ readonly all: number; readonly failed: number }> {
  const row = await target.one<Row>(
    `SELECT count(*) AS all_, count(*) FILTER (WHERE status = 'failed') AS failed FROM portage.operations WHERE map_name = $1 AND started_at > now() - make_interval(days => $2)`,
    [mapName, days],
  );
  return { all: numberOf(row['all_']), failed: numberOf(row['failed']) };
}
