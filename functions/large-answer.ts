/** An answer that is too large for a state goes to the bucket, and the state says where. */
import { randomUUID } from 'node:crypto';
import { bucketName } from '../shared/config.ts';
import type { AnswerElsewhere } from '../shared/operations/large-answer.ts';
import { put, writeOutput } from './output-file.ts';

/** A state takes 256 KiB; what else is in it needs some. */
const LARGEST_BYTES = 240 * 1024;

/**
 * The answer, or where it is; without a bucket, as on a person's machine, there is no other place, and none is needed.
 * @param words what a person in the console wants to read all the same
 */
export async function fitting<Answer>(
  answer: Answer,
  words: Readonly<Record<string, string>> = {},
): Promise<Answer | AnswerElsewhere> {
  const bucket = bucketName();
  if (bucket === null) return answer;
  const text = JSON.stringify(answer);
  const bytes = Buffer.byteLength(text);
  if (bytes <= LARGEST_BYTES) return answer;
  const answerIn = await writeOutput(`s3://${bucket}/results/${randomUUID()}.json`, (file) => put(file, text));
  return { ...words, answerIn, bytes };
}
