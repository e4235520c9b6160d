/**
 * `--fix-references`: before anything is read, references of the chosen entities are set to the source's own parent where the
 * mapping proves it. That is a repair as any other: an operation of its own, with undo. Called again until all is done.
 */
import {
  fixReferencesInput,
  fixReferencesOutput,
  validateRequest,
  type FixReferencesInput,
  type FixReferencesOutput,
} from '../../shared/contracts/validation.ts';
import { selectEntities } from '../../shared/domain/select-entities.ts';
import { checkedInput } from '../checked-input.ts';
import { compiledOf, knownOf, soundMap } from '../mapped-entities.ts';
import { leftOf, repairReferences } from '../reference-repair.ts';
import { finishRepair } from '../repair-run.ts';
import { NOTHING_DONE } from '../row-work.ts';
import { step, type Invocation } from '../step.ts';
import { VALIDATE_EXAMPLE } from '../validation-checks.ts';

export async function fixReferences(
  { execution, request, state }: FixReferencesInput,
  deps: Invocation,
): Promise<FixReferencesOutput> {
  const { command, entities } = checkedInput(validateRequest, request, { example: VALIDATE_EXAMPLE });
  const map = await deps.configuredMap();
  const chosen = selectEntities(entities, Object.keys(map.entities));
  const progress = state.unfinished ?? NOTHING_DONE;
  return deps.withSides(`${progress.operationId ?? 'repair'}:plan`, [], async (sides) => {
    const loaded = await soundMap(sides, map);
    const { known } = knownOf(
      loaded,
      chosen.filter((name) => compiledOf(loaded, name).references.length > 0),
    );
    if (known.length === 0) return {};
    const { done, progress: after } = await repairReferences(sides, map, known, execution, { command }, progress, deps);
    if (!done) return { unfinished: after };
    await finishRepair(sides, after, leftOf(after.found as Parameters<typeof leftOf>[0]), execution);
    return {};
  });
}

export const handler = step(
  'FixReferences',
  { input: fixReferencesInput, output: fixReferencesOutput },
  fixReferences,
  'validation',
);
