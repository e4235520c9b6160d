/**
 * The commands that look through whole entities. Each is a file of its own in rows/; a call works until its time is up and
 * gives back what is unfinished, with which the state machine calls again.
 */
import { rowCommandInput, rowCommandOutput, type RowCommandInput } from '../../shared/contracts/operation.ts';
import { analyzeRelationships as relationshipsCommand } from '../../shared/operations/migration-analyzer/analyze-relationships.ts';
import { validateSource as sourceCommand } from '../../shared/operations/migration-analyzer/validate-source.ts';
import { validateUuidMappings as mappingsCommand } from '../../shared/operations/migration-analyzer/validate-uuid-mappings.ts';
import { rowCommandsOf, runRowCommand } from '../row-command.ts';
import { step, type Invocation } from '../step.ts';
import { analyzeRelationships } from './rows/analyze-relationships.ts';
import { validateSource } from './rows/validate-source.ts';
import { validateUuidMappings } from './rows/validate-uuid-mappings.ts';

const INSPECTIONS = rowCommandsOf(
  [relationshipsCommand, analyzeRelationships],
  [mappingsCommand, validateUuidMappings],
  [sourceCommand, validateSource],
);

export const inspectRows = (input: RowCommandInput, deps: Invocation): Promise<unknown> =>
  runRowCommand(INSPECTIONS, input, deps);

export const handler = step('InspectRows', { input: rowCommandInput, output: rowCommandOutput }, inspectRows);
