/** Log lines as JSON in one file a day and kind: `migration-2023-12-01.log`, by the local date, as the guide's `tail` names it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pino, { type Logger as PinoLogger } from 'pino';
import type { LogKind, LogLine, LogSink } from '../../shared/log/logger.ts';

const LEVELS = { INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

export interface LogFiles {
  readonly sink: LogSink;
  close(): void;
}

interface OpenFile {
  readonly date: string;
  readonly pino: PinoLogger;
  close(): void;
}

/** Opens a file with its first line. Written at once, so that a killed process leaves what it had to say. */
export function logFiles(folder: string, now: () => Date = () => new Date()): LogFiles {
  const files = new Map<LogKind, OpenFile>();
  const write = (kind: LogKind, line: LogLine): void => {
    const date = localDate(now());
    let file = files.get(kind);
    if (file?.date !== date) {
      file?.close();
      file = openFile(folder, kind, date);
      files.set(kind, file);
    }
    const { level, ...rest } = line;
    file.pino[LEVELS[level]](rest);
  };
  return {
    sink: (line) => {
      write(line.kind, line);
      if (line.level === 'ERROR' && line.kind !== 'errors') write('errors', line);
    },
    close: () => {
      for (const file of files.values()) file.close();
      files.clear();
    },
  };
}

function openFile(folder: string, kind: LogKind, date: string): OpenFile {
  mkdirSync(folder, { recursive: true });
  const destination = pino.destination({ dest: join(folder, `${kind}-${date}.log`), sync: true });
  const options = {
    base: null,
    timestamp: false, // the line brings its own
    formatters: { level: (label: string) => ({ level: label.toUpperCase() }) },
  };
  return { date, pino: pino(options, destination), close: () => destination.end() };
}

/** YYYY-MM-DD by the clock on the wall. */
export function localDate(at: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
