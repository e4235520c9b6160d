/** Which database a session is on, as the server says it: for people, and to notice that a source moved. */
import type { Session } from '../session.ts';

/** The name and the system decide where both are known: the address of a server changes when it fails over. */
export function isSameDatabase(a: string, b: string): boolean {
  const parts = (identity: string): readonly [name: string | undefined, system: string | undefined] => {
    const [, name, system] = /^(.*) on .*, system (\d+)$/s.exec(identity) ?? [];
    return [name, system];
  };
  const [nameOfA, systemOfA] = parts(a);
  const [nameOfB, systemOfB] = parts(b);
  return systemOfA === undefined || systemOfB === undefined ? a === b : nameOfA === nameOfB && systemOfA === systemOfB;
}

/** `name on host:port, system 7301...`; the system identifier is left out where the role may not read it. */
export async function readDatabaseIdentity(session: Session): Promise<string> {
  const { name, host, port } = await session.one<{ name: string; host: string | null; port: string | null }>(
    'SELECT current_database() AS name, host(inet_server_addr()) AS host, inet_server_port() AS port',
  );
  const { allowed } = await session.one<{ allowed: string }>(
    "SELECT has_function_privilege('pg_catalog.pg_control_system()', 'execute')::text AS allowed",
  );
  const system =
    allowed === 'true'
      ? (await session.one<{ id: string }>('SELECT system_identifier AS id FROM pg_control_system()')).id
      : null;
  return `${name} on ${host ?? 'local socket'}:${port ?? ''}${system === null ? '' : `, system ${system}`}`;
}
