/** `portage local start|stop|env|status`: the embedded server by hand. */
import type { Config } from '../../shared/config.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import type { Io } from '../io.ts';
import { foldingIo } from '../output/folding-io.ts';
import { dropServer, keepServer, serverState, serverVariables, type ServerState } from './server.ts';

/** Runs one of them; the exit status is 0, or an error is thrown. */
export async function localCommand(name: string, config: Config, json: boolean, io: Io): Promise<void> {
  if (name === 'env') {
    printVariables(await serverVariables(config.home), json, io);
    return;
  }
  if (name === 'start' && config.source !== null) {
    throw new PortageError('SYS002', 'Databases are configured, so the embedded PostgreSQL would not be used', {
      got: 'SOURCE_DB_* and TARGET_DB_*',
      expected: 'neither of them',
      next: 'Unset them, or go on without `local start`: commands use the configured databases.',
    });
  }
  const act = { start: keepServer, stop: dropServer, status: serverState }[name as 'start' | 'stop' | 'status'];
  const state = await act(config.home);
  (json ? io : foldingIo(io)).out(json ? `${JSON.stringify(state)}\n` : sentence(state));
}

function sentence(state: ServerState): string {
  const users = state.users.length === 0 ? '' : `, used by process ${state.users.join(', ')}`;
  if (!state.running) return `The embedded PostgreSQL does not run (${state.folder}).\n`;
  const until = state.kept ? 'until `npx portage local stop`' : 'until the last command that uses it ends';
  return `The embedded PostgreSQL runs on 127.0.0.1:${state.port}, ${until}${users} (${state.folder}).\n`;
}

/** For `eval "$(npx portage local env)"`. */
function printVariables(variables: Readonly<Record<string, string>>, json: boolean, io: Io): void {
  if (json) io.out(`${JSON.stringify(variables)}\n`);
  else for (const [name, value] of Object.entries(variables)) io.out(`export ${name}=${value}\n`);
}
