/** The command line of this process. What it does stands in run.ts; here is only what ends the process. */
import v8 from 'node:v8';
import { processIo } from './io.ts';
import { runCommandLine } from './run.ts';

/** It could not finish: exit 3, as for any other end that is none. */
const kill = (): void => process.exit(3);

/**
 * Rows pass through in buffers that are dead at once. V8 lets the space for young objects grow under them, and with it the
 * buffers that wait to be freed (measured: 151 MiB after a million rows, 187 after three; without growth from the start 104, from
 * here on 130). The program is loaded by now: in a space that does not grow, that costs a fifth of the time of a short command.
 */
v8.setFlagsFromString('--semi-space-growth-factor=1');

const status = await runCommandLine(process.argv.slice(2), processIo, kill);
process.exitCode = status;
// Sessions that a step keeps for its next call would hold the process; what is printed must be out first.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise<void>((done) => stream.write('', () => done()))),
);
process.exit(status);
