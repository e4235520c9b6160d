/** Everything a command needs on this machine: machines in this process, and the embedded server where none is named. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setVariables, type Config } from '../../shared/config.ts';
import type { Executions, ProgressSource } from '../../shared/operations/ports.ts';
import { localSchedules, schedulesFolder } from '../../shared/schedules/local-schedules.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { isObject, type Json } from './asl/definition.ts';
import { localExecutions } from './executions.ts';
import { localProgress } from './progress.ts';
import type { SchedulerPorts } from './scheduler-command.ts';
import { useServer, type ServerHandle } from './server.ts';
import { PROJECT_FOLDERS } from './state-machine-runner.ts';

export interface Runtime {
  readonly executions: Executions;
  readonly progress: ProgressSource;
  /** Closes sessions, and gives the embedded server back. */
  close(): Promise<void>;
}

/** Who hears of an operation as soon as it has been planned. */
export interface PlanListener {
  planned(operationId: string): void;
  /** What a person should know before it goes on. */
  noticed?(notice: string): void;
  /** Each result of a step. */
  observed?(result: Json): void;
}

/** Null instead of a configuration starts no server. */
export async function localRuntime(config: Config | null, listener: PlanListener): Promise<Runtime> {
  let server: ServerHandle | undefined;
  if (config?.source === null && config.target === null) {
    server = await useServer(config.home);
    setVariables({ SOURCE_DB_URL: server.source, TARGET_DB_URL: server.target });
  }
  const operations = new Map<string, string>();
  const executions = localExecutions({
    observe: (execution, _state, result) => {
      listener.observed?.(result);
      const operationId = isObject(result) ? result['operationId'] : undefined;
      // A plan that finds nothing to do opens no operation.
      if (typeof operationId !== 'string' || operationId === '' || operations.has(execution)) return;
      const notices = isObject(result) ? result['notices'] : undefined;
      if (Array.isArray(notices)) for (const notice of notices) listener.noticed?.(String(notice));
      operations.set(execution, operationId);
      listener.planned(operationId);
    },
  });
  return {
    executions,
    progress: localProgress((execution) => operations.get(execution)),
    async close() {
      await closeSessions();
      await server?.release();
    },
  };
}

/** What the scheduler of this machine works with: the schedules that its commands write, and the machines in this process. */
export function localSchedulerPorts({ home, target }: Config): SchedulerPorts {
  if (target === null) throw new PortageError('SYS002', 'no target database is configured', { where: 'TARGET_DB_URL' });
  return { schedules: localSchedules(schedulesFolder(home, target)), executions: () => localExecutions() };
}

/** Lambda freezes its sessions with the container; here they must end before the server does. */
async function closeSessions(): Promise<void> {
  const file = join(PROJECT_FOLDERS.functions, 'dependencies.ts');
  if (!existsSync(file)) return;
  const module = (await import(pathToFileURL(file).href)) as { readonly closeDependencies?: () => Promise<void> };
  await module.closeDependencies?.();
}
