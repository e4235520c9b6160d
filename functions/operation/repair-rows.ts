/**
 * The repairs: commands that write rows or mappings of the target. Each is a file of its own in repair/; a call works until
 * its time is up and gives back what is unfinished, with which the state machine calls again.
 */
import { rowCommandInput, rowCommandOutput, type RowCommandInput } from '../../shared/contracts/operation.ts';
import { repairRelationships as relationshipsCommand } from '../../shared/operations/migration-analyzer/repair-relationships.ts';
import { repairUuidMappings as mappingsCommand } from '../../shared/operations/migration-analyzer/repair-uuid-mappings.ts';
import { rowCommandsOf, runRowCommand } from '../row-command.ts';
import { step, type Invocation } from '../step.ts';
import { repairRelationships } from './repair/repair-relationships.ts';
import { repairUuidMappings } from './repair/repair-uuid-mappings.ts';

const REPAIRS = rowCommandsOf([relationshipsCommand, repairRelationships], [mappingsCommand, repairUuidMappings]);

export const repairRows = (input: RowCommandInput, deps: Invocation): Promise<unknown> =>
  runRowCommand(REPAIRS, input, deps);

export const handler = step('RepairRows', { input: rowCommandInput, output: rowCommandOutput }, repairRows);
