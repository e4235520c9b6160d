/** Deletes or marks rows that the source lost, one group of entities at a time. */
import { deleteRowsInput, deleteRowsOutput } from '../../shared/contracts/migration.ts';
import { deleteGroup } from '../delete-group.ts';
import { step } from '../step.ts';

export const deleteRows = deleteGroup;

export const handler = step('DeleteRows', { input: deleteRowsInput, output: deleteRowsOutput }, deleteRows);
