/** The command line of this process. What it does stands in run.ts; here is only what ends the process. */
import { processIo } from './io.ts';
import { runCommandLine } from './run.ts';

/** It could not finish: exit 3, as for any other end that is none. */
const kill = (): void => process.exit(3);

const status = await runCommandLine(process.argv.slice(2), processIo, kill);
process.exitCode = status;
// Sessions that a step keeps for its next call would hold the process; what is printed must be out first.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise<void>((done) => stream.write('', () => done()))),
);
process.exit(status);
