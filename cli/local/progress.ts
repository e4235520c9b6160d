/** The port `ProgressSource` in this process: asks the handler behind `checkpoint-status`, as any user would. */
import {
  checkpointStatus,
  checkpointStatusAnswer,
} from '../../shared/operations/migration-analyzer/checkpoint-status.ts';
import { commandOf } from '../../shared/operations/operation.ts';
import type { ProgressSource } from '../../shared/operations/ports.ts';
import { invoke } from './lambda.ts';
import { loadHandler, PROJECT_FOLDERS, type Folders } from './state-machine-runner.ts';

/** `operationOf` knows the operation of an execution as soon as the plan has named it. */
export function localProgress(
  operationOf: (execution: string) => string | undefined,
  folders: Folders = PROJECT_FOLDERS,
): ProgressSource {
  const task = { Type: 'Task', Resource: '', TimeoutSeconds: 10 } as const;
  return {
    async progress(execution) {
      const operationId = operationOf(execution);
      if (operationId === undefined) return null;
      const handler = await loadHandler(folders, 'operation', 'InspectLedger');
      const question = { command: commandOf(checkpointStatus), all: true, history: false };
      const answer = await invoke('progress', handler, question, task, new AbortController().signal);
      const { checkpoints, validations = [] } = checkpointStatusAnswer.parse(answer);
      const entities = [...checkpoints, ...validations].filter((each) => each.operationId === operationId);
      return { operationId, entities };
    },
  };
}
