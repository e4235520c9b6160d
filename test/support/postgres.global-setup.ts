// Starts the one PostgreSQL that a whole test run shares, before the first worker exists. Workers find it by the
// environment variable; where that is set already, tests use the server it names and none is started.
import { startServer } from './server.ts';

/** The variable that carries the server's URL to the workers. */
export const SERVER_URL = 'PORTAGE_TEST_POSTGRES_URL';

export default async function setUp(): Promise<void> {
  if (process.env[SERVER_URL]) return;
  const server = await startServer();
  process.env[SERVER_URL] = server.url;
  globalThis.portageTestServer = server;
}
