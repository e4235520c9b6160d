/** Whether the demo's databases are empty, hold a clinic, or belong to somebody else: the demo never adds to those. */
import { PortageError } from '../../shared/domain/errors.ts';
import { CLINIC_TABLES } from './clinic-sizes.ts';
import type { DemoPort } from './demo-port.ts';
import { clinicSchema } from './generate-clinic.ts';

export interface ClinicThatIsThere {
  readonly rows: number;
  readonly seed: number;
  readonly orphans: number;
}

const RELATIONS = `SELECT relname::text AS name, obj_description(oid, 'pg_class') AS comment
FROM pg_catalog.pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')`;

/** The complete clinic that is there already, or null and room for one; a clinic that was left half made is removed. */
export async function prepareDatabases(port: Pick<DemoPort, 'query'>): Promise<ClinicThatIsThere | null> {
  const legacy = await port.query('legacy', RELATIONS);
  const target = await port.query('target', RELATIONS);
  const ours = new Set<string>(['open_orders', ...CLINIC_TABLES]);
  const foreign = legacy.find(({ name }) => !ours.has(String(name))) ?? (legacy.length === 0 ? target[0] : undefined);
  if (foreign !== undefined) {
    throw new PortageError('SYS002', 'The demo needs two empty databases, or the clinic that it made itself.', {
      got: `a relation public.${String(foreign['name'])}`,
      next: 'Run the demo without SOURCE_DB_* and TARGET_DB_*, or with another PORTAGE_HOME.',
    });
  }
  const comment = legacy.find(({ name }) => name === 'order_hdr')?.['comment'];
  if (typeof comment === 'string') {
    if (target.length === 0) await port.query('target', clinicSchema('target'));
    return JSON.parse(comment) as ClinicThatIsThere;
  }
  if (legacy.length > 0) {
    await port.query(
      'legacy',
      `DROP VIEW IF EXISTS public.open_orders; DROP TABLE IF EXISTS ${CLINIC_TABLES.map((name) => `public.${name}`).join(', ')}`,
    );
  }
  return null;
}
