/** First state of a validation: checks the request against map and catalogs, opens the operation, and writes down what is to be read. */
import {
  planValidationInput,
  planValidationOutput,
  validateRequest,
  type PlanValidationOutput,
  type ValidateRequest,
} from '../../shared/contracts/validation.ts';
import { cutOverRequest } from '../../shared/contracts/cut-over.ts';
import { markSource } from '../../shared/database/cut-over/source-writes.ts';
import { readDatabaseIdentity } from '../../shared/database/catalog/identity.ts';
import { loadMap, mapHash, type LoadedMap } from '../../shared/database/engine/load-entities.ts';
import { applyLedger } from '../../shared/database/ledger/apply.ts';
import { openUnlessHeld, refuseHeld } from '../../shared/database/ledger/hold.ts';
import {
  batchLabelAt,
  insertOperation,
  operationOfExecution,
  registerMap,
  type Operation,
} from '../../shared/database/ledger/operations.ts';
import { piecesOf, planPieces, type PlannedPiece } from '../../shared/database/ledger/validation-pieces.ts';
import { checkMap, faultsError } from '../../shared/database/map-check/check-map.ts';
import { rowPieces } from '../../shared/database/validate/plan-pieces.ts';
import { relationName } from '../../shared/domain/entity-map.ts';
import { quoteIdentifier } from '../../shared/domain/identifiers.ts';
import { pieceItems } from '../../shared/domain/piece-items.ts';
import { selectEntities } from '../../shared/domain/select-entities.ts';
import { checkedInput } from '../checked-input.ts';
import type { Sides } from '../dependencies.ts';
import { step, type Invocation } from '../step.ts';
import { checksOf, hearsWitness, readsRows, VALIDATE_EXAMPLE } from '../validation-checks.ts';
import { isProbe, probe } from '../validation-probe.ts';

/** Both servers work on a piece at once; two pieces keep two cores busy, and the source is not asked for more. */
const LANES = 2;

/** A cut-over rests on a validation of everything. */
function requestOf(given: unknown): { readonly request: ValidateRequest; readonly cutOver: boolean } {
  const isCutOver = typeof given === 'object' && given !== null && 'command' in given && given.command === 'cut-over';
  if (!isCutOver)
    return { request: checkedInput(validateRequest, given, { example: VALIDATE_EXAMPLE }), cutOver: false };
  const { output } = checkedInput(cutOverRequest, given, { example: '{"command": "cut-over", "check": true}' });
  return {
    request: validateRequest.parse({
      command: 'data-validator validate',
      comprehensive: true,
      ...(output === undefined ? {} : { output }),
    }),
    cutOver: true,
  };
}

const planned = async (sides: Sides, operation: Operation, lanes: number): Promise<PlanValidationOutput> => ({
  operationId: operation.operationId,
  lanes,
  pieces: [...pieceItems(await piecesOf(sides.target, operation.operationNo))],
  notices: [],
});

export async function planValidation(
  input: { execution: string; request: unknown },
  deps: Invocation,
): Promise<PlanValidationOutput> {
  const { request, cutOver } = requestOf(input.request);
  const map = await deps.configuredMap();
  if (isProbe(request, map))
    return { operationId: '', lanes: 1, pieces: [], notices: [], probe: [...(await probe(map, deps))] };
  const entities = selectEntities(request.entities, Object.keys(map.entities));
  const lanes = Math.min(LANES, deps.settings(map).lanes ?? LANES);
  const schemas = [...new Set(Object.values(map.entities).map((entity) => relationName(entity.source.table).schema))];
  return deps.withSides('plan', schemas, async (sides) => {
    const faults = (await checkMap(sides, map)).filter((fault) => fault.severity === 'fault');
    if (faults.length > 0) throw faultsError(faults);
    await applyLedger(sides.target);
    await refuseHeld(sides.target);
    const begun = await operationOfExecution(sides.target, input.execution);
    // The service may run this step twice for one execution: the second time finds what the first has planned.
    if (begun?.status === 'running') return planned(sides, begun, lanes);
    const loaded = await loadMap(sides.source, sides.target, map, 'register');
    const pieces = await piecesFor(sides, loaded, entities, request);
    await registerMap(sides.target, map, mapHash(map));
    const sourceDatabase = await readDatabaseIdentity(sides.source);
    const mark = cutOver ? { cutOver: await markSource(sides.source) } : {};
    const operation = await openUnlessHeld(sides.target, async () => {
      const opened = await insertOperation(
        sides.target,
        {
          type: 'validation',
          execution: input.execution,
          batchLabel: batchLabelAt(deps.now()),
          mapName: map.name,
          mapHash: mapHash(map),
          mode: 'differential',
          request: { ...request, entities, ...mark },
          sourceDatabase,
        },
        deps.now(),
      );
      await planPieces(sides.target, opened.operationNo, pieces);
      return opened;
    });
    return planned(sides, operation, lanes);
  });
}

async function piecesFor(
  sides: Sides,
  loaded: LoadedMap,
  names: readonly string[],
  request: ValidateRequest,
): Promise<readonly PlannedPiece[]> {
  const { type, quick } = request;
  const pieces: Omit<PlannedPiece, 'piece'>[] = [];
  for (const check of checksOf(request)) {
    for (const name of names) {
      const entity = loaded.entities.get(name);
      if (!entity) continue;
      const base = { entity: name, entityId: entity.entityId ?? 0, check };
      if (!readsRows(type, check)) {
        // A sample leaves mappings out: they are read whole or not at all.
        if (
          check === 'relationships' &&
          (quick || pieces.some((piece) => piece.entity === name && hearsWitness(request, piece, entity)))
        )
          continue;
        pieces.push({ ...base, selection: { part: 0, of: 1 }, share: null, expectedRows: null });
        continue;
      }
      await sides.source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entity.source.schema)}`);
      for (const piece of await rowPieces(sides.source, entity, quick)) pieces.push({ ...base, ...piece });
    }
  }
  // The largest first: lanes then end at about the same time.
  const bySize = [...pieces].sort((a, b) => (b.expectedRows ?? 0) - (a.expectedRows ?? 0));
  return bySize.map((piece, i) => ({ ...piece, piece: i }));
}

export const handler = step(
  'PlanValidation',
  { input: planValidationInput, output: planValidationOutput, besideRequest: true },
  planValidation,
  'validation',
);
