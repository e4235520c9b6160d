/** Where a command prints: one place for colour, terminals and redirection. */
import { styleText } from 'node:util';

export type Paint = (format: 'bold' | 'dim' | 'red' | 'yellow' | 'green', text: string) => string;

export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Whether somebody is looking: decides about the progress bar. */
  readonly terminal: boolean;
  /** Colours of stdout and stderr; plain where it is no terminal, or NO_COLOR is set. */
  readonly paint: Paint;
  readonly paintError: Paint;
  /** Calls back at each Ctrl-C or request to end, until the answer is called. */
  onInterrupt(listener: () => void): () => void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const processIo: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  terminal: process.stdout.isTTY && process.stderr.isTTY,
  paint: (format, text) => styleText(format, text, { stream: process.stdout }),
  paintError: (format, text) => styleText(format, text, { stream: process.stderr }),
  onInterrupt: (listener) => {
    for (const signal of SIGNALS) process.on(signal, listener);
    return () => {
      for (const signal of SIGNALS) process.off(signal, listener);
    };
  },
};
