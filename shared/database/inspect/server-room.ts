/** How many connections a server has to give, and how many of them others use. */
import type { ServerRoom } from '../../domain/lanes.ts';
import type { Session } from '../session.ts';

export interface Server extends Omit<ServerRoom, 'allowed'> {
  /** Tells two servers apart, without a right that not every role has. */
  readonly identity: string;
}

/** Sessions of Portage under this role are no others: the run that asks is one of them. */
export async function readServer(session: Session): Promise<Server> {
  const row = await session.one<{ most: string; used: string; identity: string }>(
    `SELECT current_setting('max_connections') AS most, pg_postmaster_start_time()::text || ' ' || current_setting('port') AS identity,
       (SELECT count(*) FROM pg_stat_activity a WHERE a.datid IS NOT NULL AND NOT (coalesce(a.application_name, '') LIKE 'portage:%' AND a.usename = session_user)) AS used`,
  );
  return { maxConnections: Number(row.most), used: Number(row.used), identity: row.identity };
}
