/**
 * What a run costs in Lambda and Step Functions: list prices of us-east-1, so that a person can judge an order of magnitude.
 * The databases and the network endpoints cost whether it runs or not, and are not in it.
 */

/** USD a GB-second of arm64, a request, a state transition of a Standard workflow. */
const GB_SECOND = 0.0000133334;
const INVOCATION = 0.0000002;
const TRANSITION = 0.000025;

/** Memory of the function that moves rows (infra/state-machines/steps.ts), and how long one invocation of it works. */
const ROW_MEMORY_GB = 1769 / 1024;
const BUDGET_SECONDS = 60;
/** Beside the slices of an entity: plan and gate of the run, preparation, references and end of each entity. */
const INVOCATIONS_OF_RUN = 2;
const INVOCATIONS_OF_ENTITY = 3;

export interface RunFigures {
  /** Of each entity: rows to carry, and rows a second of one lane. */
  readonly entities: readonly { readonly rows: number; readonly rowsPerSecond: number; readonly slices: number }[];
}

export interface RunCost {
  readonly invocations: number;
  readonly gbSeconds: number;
  readonly transitions: number;
  readonly usd: {
    readonly lambda: number;
    readonly requests: number;
    readonly stepFunctions: number;
    readonly total: number;
  };
}

/** rows / rate x GB, the requests, and (2 invocations + 4 slices + 15 entities) transitions. */
export function runCost({ entities }: RunFigures): RunCost {
  const secondsOf = (one: RunFigures['entities'][number]): number => one.rows / Math.max(1, one.rowsPerSecond);
  const seconds = entities.reduce((sum, one) => sum + secondsOf(one), 0);
  const slices = entities.reduce((sum, one) => sum + one.slices, 0);
  const loops = entities.reduce(
    (sum, one) => sum + one.slices * Math.max(1, Math.ceil(secondsOf(one) / Math.max(1, one.slices) / BUDGET_SECONDS)),
    0,
  );
  const invocations = INVOCATIONS_OF_RUN + loops + entities.length * INVOCATIONS_OF_ENTITY;
  const transitions = 2 * invocations + 4 * slices + 15 * entities.length;
  const gbSeconds = seconds * ROW_MEMORY_GB;
  const usd = {
    lambda: gbSeconds * GB_SECOND,
    requests: invocations * INVOCATION,
    stepFunctions: transitions * TRANSITION,
  };
  return {
    invocations,
    gbSeconds: Math.round(gbSeconds * 1000) / 1000,
    transitions,
    usd: { ...usd, total: usd.lambda + usd.requests + usd.stepFunctions },
  };
}

const MOST_SLICES = 1000;

/** How many slices an entity of so many rows is cut into: as PrepareEntity does it (shared/database/engine/prepare.ts). */
export const foreseenSlices = (rows: number, lanes: number): number => {
  if (rows < 20_000) return 1;
  return Math.min(MOST_SLICES, Math.ceil(rows / Math.min(250_000, Math.ceil(rows / lanes))));
};
