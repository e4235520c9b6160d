/** An answer that is too large for a state goes to the bucket, or on a person's own machine to a file, and the state says where. */
import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bucketName, runsInLambda } from '../shared/config.ts';
import type { AnswerElsewhere } from '../shared/operations/large-answer.ts';
import { put, writeOutput } from './output-file.ts';

/** A state takes 256 KiB; what else is in it needs some. */
const LARGEST_BYTES = 240 * 1024;

/** Null in a function that may not write to the bucket: its step refuses an answer that is too large. */
async function elsewhere(): Promise<string | null> {
  const bucket = bucketName();
  if (bucket !== null) return `s3://${bucket}/results/${randomUUID()}.json`;
  // Whoever runs the machine here takes it from there (cli/local/state-machine-runner.ts).
  return runsInLambda() ? null : join(await mkdtemp(join(tmpdir(), 'portage-answer-')), 'answer.json');
}

/**
 * The answer, or where it is.
 * @param words what a person in the console wants to read all the same
 */
export async function fitting<Answer>(
  answer: Answer,
  words: Readonly<Record<string, string>> = {},
): Promise<Answer | AnswerElsewhere> {
  const text = JSON.stringify(answer);
  const bytes = Buffer.byteLength(text);
  const place = bytes <= LARGEST_BYTES ? null : await elsewhere();
  if (place === null) return answer;
  const answerIn = await writeOutput(place, (file) => put(file, text));
  return { ...words, answerIn, bytes };
}
