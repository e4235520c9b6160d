/**
 * What a Lambda function tells of itself: lines in its log, figures for alarms, a trace of each invocation. The only place that
 * knows Powertools; loaded in Lambda and nowhere else, because on a person's machine lines go to files and nobody counts.
 *
 * Figures are read out of the lines that are written anyway, so that a step does not say everything twice.
 */
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import { Tracer } from '@aws-lambda-powertools/tracer';
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware';
import { environmentName } from '../shared/config.ts';
import type { LogLine, LogSink } from '../shared/log/logger.ts';

/** Fewer rows say nothing of a rate: the batch is over before it has begun. */
const ROWS_OF_A_RATE = 100;

interface Figure {
  readonly name: string;
  readonly unit: (typeof MetricUnit)[keyof typeof MetricUnit];
  readonly value: number;
}

const count = (name: string, value: unknown): Figure => ({ name, unit: MetricUnit.Count, value: Number(value ?? 0) });

/** `migration batch`, `sync_operation batch`, `conflict_resolution batch`: whoever moves rows tells so (functions/run-log.ts). */
const BATCH = ' batch';

function batchFigures(line: LogLine): NonNullable<ReturnType<typeof figuresOf>> {
  const [read, ms] = [Number(line['read']), Number(line['ms'])];
  const rate = { name: 'RowsPerSecond', unit: MetricUnit.CountPerSecond, value: (read * 1000) / ms };
  return {
    by: { entity: String(line['entity']) },
    figures: [
      count('RowsRead', read),
      count('RowsWritten', line['written']),
      count('RowsSetAside', line['setAside']),
      { name: 'BatchTime', unit: MetricUnit.Milliseconds, value: ms },
      ...(read >= ROWS_OF_A_RATE && ms > 0 ? [rate] : []),
    ],
  };
}

/** What a line counts, beside which names it is told; null: nothing. */
export function figuresOf(
  line: LogLine,
): { readonly by: Readonly<Record<string, string>>; readonly figures: readonly Figure[] } | null {
  if (line.event.endsWith(BATCH)) return batchFigures(line);
  switch (line.event) {
    case 'validation piece':
      return { by: { entity: String(line['entity']) }, figures: [count('RowsDiffering', line['differing'])] };
    case 'system_health':
      return { by: { check: String(line['check']) }, figures: [count('HealthProblems', 1)] };
    case 'job_health':
      return { by: { finding: String(line['finding']) }, figures: [count('JobProblems', 1)] };
    default:
      return null;
  }
}

/** Powertools under the names that the function's variables give (POWERTOOLS_SERVICE_NAME, POWERTOOLS_METRICS_NAMESPACE). */
export function observability(): { readonly sink: LogSink; middlewares(): readonly object[] } {
  const logger = new Logger();
  const metrics = new Metrics();
  const tracer = new Tracer();
  const environment = environmentName();
  const measure = (line: LogLine): void => {
    const told = figuresOf(line);
    if (told === null) return;
    // Once for all, which an alarm looks at, and once by name, which a person does.
    for (const dimensions of [{}, told.by]) {
      const each = new Metrics({ defaultDimensions: { environment, ...dimensions } });
      for (const { name, unit, value } of told.figures) each.addMetric(name, unit, value);
      each.publishStoredMetrics();
    }
  };
  return {
    sink(line) {
      const { time: _, level, event, message, ...fields } = line;
      const write = level === 'ERROR' ? 'error' : level === 'WARN' ? 'warn' : 'info';
      // Powertools keeps `message` for itself, and drops another.
      logger[write](event, { event, ...fields, ...(message === undefined ? {} : { reason: message }) });
      measure(line);
    },
    middlewares: () => [
      injectLambdaContext(logger),
      // An answer may hold rows of a person's look at them: a trace is no place for those.
      captureLambdaHandler(tracer, { captureResponse: false }),
      logMetrics(metrics, { captureColdStartMetric: true }),
    ],
  };
}
