/** What stands in a state instead of an answer that is too large for one: a few of its words, and where the rest is. */
import * as z from 'zod';

export const answerElsewhere = z.looseObject({
  /** s3://bucket/key, a JSON document. */
  answerIn: z.string(),
  bytes: z.int(),
});
export type AnswerElsewhere = z.output<typeof answerElsewhere>;

export const isElsewhere = (output: unknown): output is AnswerElsewhere =>
  typeof output === 'object' && output !== null && 'answerIn' in output && typeof output.answerIn === 'string';
