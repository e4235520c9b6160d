/** What stands in a state instead of an answer that is too large for one. */
export interface AnswerElsewhere {
  /** s3://bucket/key, a JSON document. */
  readonly answerIn: string;
  readonly bytes: number;
}

export const isElsewhere = (output: unknown): output is AnswerElsewhere =>
  typeof output === 'object' && output !== null && 'answerIn' in output && typeof output.answerIn === 'string';
