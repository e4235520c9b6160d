/** Where sentences are printed: each stream at the width of its terminal. */
import type { Io } from '../io.ts';
import { terminalWidth } from './fit.ts';
import { folded } from './fold.ts';

export const foldingIo = (io: Io): Io => ({
  ...io,
  out: (text) => io.out(folded(text, terminalWidth('stdout'))),
  err: (text) => io.err(folded(text, terminalWidth('stderr'))),
});
