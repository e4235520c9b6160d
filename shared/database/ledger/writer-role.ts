/** The role that the functions of an environment log in as, on an instance of its own: AWS answers for it, it has no password. */
import { quoteIdentifier } from '../../domain/identifiers.ts';
import type { Session } from '../session.ts';

/**
 * Makes the role, and lets it make its own schema. Its ledger belongs to it: an administrator who were a member of a role
 * that logs in by IAM could not log in by password any more.
 */
export async function createWriter(admin: Session, name: string): Promise<void> {
  const role = quoteIdentifier(name);
  const { present, database } = await admin.one<{ present: string; database: string }>(
    'SELECT (to_regrole($1) IS NOT NULL)::text AS present, current_database() AS database',
    [role],
  );
  if (present !== 'true') await admin.run(`CREATE ROLE ${role} LOGIN`);
  await admin.run(`GRANT CONNECT, TEMPORARY, CREATE ON DATABASE ${quoteIdentifier(database)} TO ${role}`);
  await admin.run(`GRANT rds_iam TO ${role}`);
}
