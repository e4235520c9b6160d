/** Commands against a deployed environment. Refused as a whole, so that nobody takes an answer of this machine for one. */
import { PortageError } from '../../shared/domain/errors.ts';

/** `--env NAME`: says what works today in its place. */
export function refuseEnvironment(name: string): never {
  throw new PortageError(
    'SYS002',
    'This version does not run commands against a deployed environment from the command line',
    {
      got: `--env ${name}`,
      expected: 'a command without --env, which runs on this machine',
      next: `Start the state machine portage-${name}-migration or portage-${name}-operation in the AWS console; its description has an input to copy.`,
    },
  );
}
