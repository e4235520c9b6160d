/** The role that the functions of an environment log in as, on an instance of its own: AWS answers for it, it has no password. */
import { quoteIdentifier } from '../../domain/identifiers.ts';
import type { Session } from '../session.ts';
import { transaction } from '../transactions.ts';

/** Makes the role where there is none, and lets it make its own schema, which belongs to it. */
export async function createWriter(admin: Session, name: string): Promise<void> {
  const role = quoteIdentifier(name);
  const { present, database } = await admin.one<{ present: string; database: string }>(
    'SELECT (to_regrole($1) IS NOT NULL)::text AS present, current_database() AS database',
    [role],
  );
  if (present !== 'true') await createUnrelated(admin, name);
  await admin.run(`GRANT CONNECT, TEMPORARY, CREATE ON DATABASE ${quoteIdentifier(database)} TO ${role}`);
  await admin.run(`GRANT rds_iam TO ${role}`);
}

/**
 * Makes a role that its maker is no member of. From PostgreSQL 16 on whoever creates a role becomes a member of it, and cannot
 * end that; and RDS lets no member of `rds_iam`, also one by way of another role, in by password (docs/adr/0040):
 *
 *  1. a role that may make roles is made,
 *  2. in its name the wanted one,
 *  3. and it goes, and its membership with it.
 */
export async function createUnrelated(admin: Session, name: string): Promise<void> {
  const role = quoteIdentifier(name);
  const maker = quoteIdentifier(`${name}_maker`);
  const { becomesMember } = await admin.one<{ becomesMember: string }>(
    `SELECT (current_setting('server_version_num')::int >= 160000)::text AS "becomesMember"`,
  );
  if (becomesMember !== 'true') {
    await admin.run(`CREATE ROLE ${role} LOGIN`);
    return;
  }
  await transaction(admin, async () => {
    await admin.run(`CREATE ROLE ${maker} CREATEROLE NOLOGIN`);
    await admin.run(`GRANT ${maker} TO CURRENT_USER WITH SET TRUE, INHERIT FALSE`);
    await admin.run(`SET LOCAL ROLE ${maker}`);
    await admin.run(`CREATE ROLE ${role} LOGIN`);
    await admin.run('RESET ROLE');
    await admin.run(`DROP ROLE ${maker}`);
  });
}
