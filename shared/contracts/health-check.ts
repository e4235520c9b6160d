/** One check of what may be wrong, as system-health and a cut-over tell it. */
import * as z from 'zod';
import { HEALTH_STATES } from '../domain/health/health.ts';

export const healthCheck = z.strictObject({
  check: z.string(),
  status: z.enum(HEALTH_STATES),
  detail: z.string(),
  /** What to do; null where nothing is to be done. */
  next: z.string().nullable(),
});
