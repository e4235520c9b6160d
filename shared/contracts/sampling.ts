/** What SampleResources takes and gives: the command's request, and what was seen so far, until it is done. */
import * as z from 'zod';

/** The execution input the first time; afterwards what the step gave. */
export const sampleInput = z.looseObject({
  command: z.string(),
  sampling: z
    .strictObject({
      /** Of the first look. */
      startedAt: z.string(),
      samples: z.array(z.looseObject({ at: z.number() })),
      /** Where the command's work goes on. */
      cursor: z.string().nullable(),
    })
    .optional(),
});
export type SampleInput = z.output<typeof sampleInput>;

/** Done, it is the answer of the command. Until then, the request with what was seen, and the answer as it would be now. */
export const sampleOutput = z.looseObject({ done: z.boolean(), waitSeconds: z.int().min(1).optional() });
