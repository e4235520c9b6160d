/** Where lines go in a Lambda function: its standard output is its log. */
import { runsInLambda } from '../shared/config.ts';
import { setLogSink } from '../shared/log/current.ts';
import { streamSink } from '../shared/log/logger.ts';

export function writesLogs(): void {
  if (runsInLambda()) setLogSink(streamSink(process.stdout));
}
