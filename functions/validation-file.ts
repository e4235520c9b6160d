/** The report of a validation as a file: everything as JSON, streamed, or what a person decides by as a page. */
import type { Difference, JudgeOutput } from '../shared/contracts/validation.ts';
import { put, writeOutput } from './output-file.ts';

/** A page with more rows than this is read by nobody; the JSON has all of them. */
const SHOWN = 200;

/** @returns where it is */
export function writeValidation(
  file: string,
  answer: JudgeOutput,
  differences: AsyncIterable<Difference>,
): Promise<string> {
  return writeOutput(file, async (stream) => {
    if (!/\.html?$/i.test(file)) return writeJson((text) => put(stream, text), answer, differences);
    const shown: Difference[] = [];
    for await (const difference of differences) {
      shown.push(difference);
      if (shown.length > SHOWN) break;
    }
    const { validationPage } = await import('#report/validation-page');
    const more = shown.length > SHOWN || (answer.differencesOmitted ?? 0) > 0;
    await put(stream, validationPage(answer, shown.slice(0, SHOWN), more));
  });
}

async function writeJson(
  write: (text: string) => Promise<void>,
  answer: JudgeOutput,
  differences: AsyncIterable<Difference>,
): Promise<void> {
  const rest = Object.fromEntries(Object.entries(answer).filter(([name]) => name !== 'differences'));
  await write(`${JSON.stringify(rest, null, 2).replace(/\n}$/, '')},\n  "differences": [`);
  let first = true;
  for await (const difference of differences) {
    await write(`${first ? '' : ','}\n    ${JSON.stringify(difference)}`);
    first = false;
  }
  await write(first ? ']\n}\n' : '\n  ]\n}\n');
}
