/** What is special where this process is a Lambda function: null elsewhere. Lines go to its log from the first one on. */
import { runsInLambda } from '../shared/config.ts';
import { setLogSink } from '../shared/log/current.ts';

export const observed = runsInLambda() ? (await import('./observability.ts')).observability() : null;
if (observed !== null) setLogSink(observed.sink);
