/**
 * The port `ProgressSource` on Step Functions. The ledger is in a network that the command line does not reach, so what an
 * execution has done is read from its history: the plan names the operation and its entities, each entity its slices, and
 * the run of a distributed Map counts those that are done.
 */
import { DescribeMapRunCommand, paginateGetExecutionHistory, SFNClient, type HistoryEvent } from '@aws-sdk/client-sfn';
import type { EntityProgress, ProgressSource } from '../operations/ports.ts';
import { CLIENT } from './client.ts';

/** A history has thousands of events, and the account a limit of calls a second: a bar that moves every five is alive. */
const EVERY_MS = 5000;

type Seen = NonNullable<Awaited<ReturnType<ProgressSource['progress']>>>;

export function awsProgress(
  arnOf: (execution: string) => string,
  client = new SFNClient(CLIENT),
  everyMs = EVERY_MS,
): ProgressSource {
  let last: { readonly at: number; readonly seen: Seen | null } | undefined;
  return {
    async progress(execution) {
      if (last === undefined || performance.now() - last.at >= everyMs)
        last = { at: performance.now(), seen: await look(client, arnOf(execution)) };
      return last.seen;
    },
  };
}

async function look(client: SFNClient, executionArn: string): Promise<Seen | null> {
  const events: HistoryEvent[] = [];
  for await (const page of paginateGetExecutionHistory({ client }, { executionArn, maxResults: 1000 }))
    events.push(...(page.events ?? []));
  const history = readHistory(events);
  if (history === null) return null;
  const entities: EntityProgress[] = [];
  for (const { entity, status, slices, mapRunArn } of history.entities) {
    const done = mapRunArn === null || status !== 'in_progress' ? null : await slicesDone(client, mapRunArn);
    entities.push({
      entity,
      status,
      rowsDone: status === 'in_progress' ? (done ?? 0) : (slices ?? 0),
      rowsTotal: slices,
    });
  }
  return { operationId: history.operationId, entities, unit: 'slices' };
}

async function slicesDone(client: SFNClient, mapRunArn: string): Promise<number> {
  const { itemCounts } = await client.send(new DescribeMapRunCommand({ mapRunArn }));
  return (itemCounts?.succeeded ?? 0) + (itemCounts?.failed ?? 0);
}

interface EntityHistory {
  readonly entity: string;
  readonly status: string;
  /** Null while they are not known. */
  readonly slices: number | null;
  readonly mapRunArn: string | null;
}

/**
 * What the events say; null before the plan. What a function gave stands in the event of its success alone: what a state gives on
 * is made of it by the definition.
 */
export function readHistory(
  events: readonly HistoryEvent[],
): { readonly operationId: string; readonly entities: readonly EntityHistory[] } | null {
  let operationId: string | null = null;
  const entities = new Map<string, EntityHistory>();
  const entered = new Map<number, string>();
  const note = (entity: string, change: Partial<EntityHistory>): void => {
    const before = entities.get(entity) ?? { entity, status: 'pending', slices: null, mapRunArn: null };
    entities.set(entity, { ...before, ...change });
  };
  for (const event of events) {
    const { id = 0, previousEventId = 0, stateEnteredEventDetails: into } = event;
    const state = fieldsOf(into?.input);
    // What follows within a state is about the entity of that state.
    const about = into === undefined ? entered.get(previousEventId) : entityIn(state);
    if (about !== undefined) entered.set(id, about);
    if (into?.name === 'FailEntity') for (const entity of names(state['entities'])) note(entity, { status: 'failed' });
    const output = fieldsOf(event.lambdaFunctionSucceededEventDetails?.output);
    if (operationId === null && typeof output['operationId'] === 'string' && output['operationId'] !== '') {
      operationId = output['operationId'];
      for (const entity of entitiesIn(output)) note(entity, {});
    }
    const { entity } = output;
    if (typeof entity === 'string') {
      if (Array.isArray(output['slices'])) note(entity, { status: 'in_progress', slices: output['slices'].length });
      else if (typeof output['status'] === 'string') note(entity, { status: output['status'] });
    }
    const mapRunArn = event.mapRunStartedEventDetails?.mapRunArn;
    if (about !== undefined && mapRunArn !== undefined) note(about, { mapRunArn });
  }
  return operationId === null ? null : { operationId, entities: [...entities.values()] };
}

/** The entity that a state is about, once it is prepared. */
function entityIn({ entity, prepared }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof entity === 'string') return entity;
  const of = typeof prepared === 'object' && prepared !== null && 'entity' in prepared ? prepared.entity : undefined;
  return typeof of === 'string' ? of : undefined;
}

const names = (list: unknown): readonly string[] =>
  Array.isArray(list) ? list.filter((name) => typeof name === 'string') : [];

/** Input and output of a state are JSON, and are left out where they are large. */
function fieldsOf(json: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(json ?? '{}');
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Of a plan: the entities of all its waves. */
function entitiesIn({ waves }: Readonly<Record<string, unknown>>): readonly string[] {
  if (!Array.isArray(waves)) return [];
  const groups = waves.flatMap(
    (wave: { readonly groups?: readonly { readonly entities?: unknown }[] }) => wave.groups ?? [],
  );
  return groups.flatMap(({ entities }) => names(entities));
}
