/** What the states of the `operation` machine take: the execution input as it is. Each command's own schema is its descriptor's. */
import { z } from 'zod';

export const shortCommandInput = z.looseObject({ command: z.string() });
/** The answer of the command, whose own schema stands in its descriptor (shared/operations). */
export const shortCommandOutput = z.unknown();
