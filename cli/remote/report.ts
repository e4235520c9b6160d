/** `--output` of a deployed validation: the function has no folder of yours, so the report is written here, from its answer. */
import { writeValidation } from '../../functions/validation-file.ts';
import { judgeOutput, type Difference } from '../../shared/contracts/validation.ts';
import { classOf, type Operation } from '../../shared/operations/operation.ts';
import type { Executions } from '../../shared/operations/ports.ts';

/** The same executions, whose answer has its report where the flag says. */
export function reportedHere<Port extends Executions>(
  executions: Port,
  operation: Operation,
  input: { readonly command: string; readonly output?: unknown },
): Port {
  const { output: file } = input;
  if (classOf(operation, input) !== 'validation' || typeof file !== 'string' || file.startsWith('s3://'))
    return executions;
  return {
    ...executions,
    async wait(name: string) {
      const ended = await executions.wait(name);
      if (ended.status !== 'SUCCEEDED') return ended;
      const answer = judgeOutput.parse(ended.output);
      return {
        ...ended,
        output: { ...answer, output: await writeValidation(file, answer, listed(answer.differences)) },
      };
    },
  };
}

async function* listed(differences: readonly Difference[] = []): AsyncGenerator<Difference> {
  yield* differences;
}
