/** What the demo needs of the program around it. */

import type { Paint } from '../io.ts';

export interface DemoPort {
  /** Runs a command as `npx portage WORDS --json` would, with its progress on the terminal; answers exit status and JSON. */
  run(words: readonly string[]): Promise<{ readonly code: number; readonly json: unknown }>;
  /** One or more statements on one of the two embedded databases; the rows of the last. */
  query(
    side: 'legacy' | 'target',
    text: string,
    values?: unknown[],
  ): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Writes to stdout. */
  write(text: string): void;
  /** Colours of a terminal, or none. */
  readonly paint: Paint;
}
