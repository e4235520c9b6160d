/** Binds the demo to this machine: the embedded server, and the command line itself. */
import pg from 'pg';
import { setVariables, type Config } from '../../shared/config.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import type { DemoPort } from '../demo/demo-port.ts';
import { runDemo } from '../demo/demo.ts';
import type { Io } from '../io.ts';
import { foldingIo } from '../output/folding-io.ts';
import { useServer } from './server.ts';

/** Runs the demo; `fields` are its flags. Answers the exit status. */
export async function demoCommand(
  config: Config,
  fields: Readonly<Record<string, unknown>>,
  run: DemoPort['run'],
  io: Io,
): Promise<number> {
  if (config.source !== null) {
    throw new PortageError('SYS002', 'The demo runs on the embedded PostgreSQL, beside no database of yours', {
      got: 'SOURCE_DB_* and TARGET_DB_*',
      expected: 'neither of them',
    });
  }
  const server = await useServer(config.home);
  const clients = new Map<string, pg.Client>();
  const client = async (side: 'legacy' | 'target'): Promise<pg.Client> => {
    const known = clients.get(side);
    if (known !== undefined) return known;
    const made = new pg.Client({ connectionString: side === 'legacy' ? server.source : server.target });
    made.on('error', () => undefined); // shown by the query that meets it
    clients.set(side, made);
    await made.connect();
    return made;
  };
  try {
    // The commands of the demo find the same two databases, and leave the server to us.
    setVariables({ SOURCE_DB_URL: server.source, TARGET_DB_URL: server.target });
    const port: DemoPort = {
      run,
      query: async (side, text, values) => lastRows(await (await client(side)).query(text, values)),
      write: (text) => foldingIo(io).out(text),
      paint: io.paint,
    };
    const count = (name: string): number | undefined => fields[name] as number | undefined;
    return await runDemo(port, { rows: count('rows'), seed: count('seed'), orphans: count('orphans') });
  } finally {
    await Promise.all([...clients.values()].map((each) => each.end()));
    await server.release();
  }
}

/** Several statements give several results. */
function lastRows(result: pg.QueryResult | pg.QueryResult[]): readonly Readonly<Record<string, unknown>>[] {
  const last = Array.isArray(result) ? result.at(-1) : result;
  return (last?.rows ?? []) as readonly Readonly<Record<string, unknown>>[];
}
