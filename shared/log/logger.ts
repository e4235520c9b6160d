/** What a part of the program says while it works. Where a line goes is decided at the edge: files here, CloudWatch there. */
import { redacted } from './redact.ts';

/** One file a day and kind locally, one log group a kind in AWS. Errors of every kind go to `errors` as well. */
export type LogKind = 'migration' | 'sync' | 'validation' | 'errors' | 'performance';

type LogLevel = 'INFO' | 'WARN' | 'ERROR';
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  /** `event` is in the guide's words: `migration batch`, `migration failed`, `sync_operation batch`, `conflict_resolution`. */
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export interface LogLine {
  readonly time: string;
  readonly level: LogLevel;
  readonly kind: LogKind;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Takes finished lines; secrets are out of them already. */
export type LogSink = (line: LogLine) => void;

/** A logger of one kind over a sink; `context` stands in every line. */
export function createLogger(sink: LogSink, kind: LogKind, context: LogFields = {}): Logger {
  const write =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}): void => {
      const own = redacted({ ...context, ...fields }) as LogFields;
      const line = { time: new Date().toISOString(), level, kind, event };
      // First in the line, and never overwritten by a field of the same name.
      sink({ ...line, ...own, ...line });
    };
  return { info: write('INFO'), warn: write('WARN'), error: write('ERROR') };
}

/** JSON lines on a stream: what Lambda ships to CloudWatch, and what `--verbose` shows on stderr. */
export const streamSink =
  (stream: { write(text: string): unknown }): LogSink =>
  (line) => {
    stream.write(`${JSON.stringify(line)}\n`);
  };
