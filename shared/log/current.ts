/** The sink of this process, set once where the process begins. Until then, lines go nowhere: tests stay quiet. */
import { createLogger, type LogFields, type Logger, type LogKind, type LogSink } from './logger.ts';

let current: LogSink = () => undefined;

/** Where lines of this process go from now on, also those of loggers that exist already. */
export function setLogSink(sink: LogSink): void {
  current = sink;
}

/** A logger of a kind; `context` stands in every line. */
export const logger = (kind: LogKind = 'migration', context: LogFields = {}): Logger =>
  createLogger((line) => current(line), kind, context);
