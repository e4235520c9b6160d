/** What is special where this process is a Lambda function: null elsewhere. It is loaded while the function starts. */
import { runsInLambda } from '../shared/config.ts';
import { setLogSink } from '../shared/log/current.ts';

/** No step works before it is there; a module that waited for it would hold up those that are loaded beside it. */
export const observed = runsInLambda() ? observe() : Promise.resolve(null);

async function observe() {
  const { observability } = await import('./observability.ts');
  const made = observability();
  setLogSink(made.sink);
  return made;
}
