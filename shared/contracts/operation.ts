/** What the states of the `operation` machine take: the execution input as it is. Each command's own schema is its descriptor's. */
import { z } from 'zod';

export const inspectLedgerInput = z.looseObject({ command: z.string() });
