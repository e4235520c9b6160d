/**
 * `npm run --silent current-performance [-- --entity NAME]`: the last run of each entity in figures, as JSON. Redirected into a
 * file it is the baseline of regression-check.
 */
import { flags } from './ask-portage.ts';
import { measuredNow } from './measured-now.ts';

const { entity } = flags('current-performance [--entity NAME]', ['entity']);
const entities = await measuredNow(entity);
process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), entities }, null, 2)}\n`);
process.exit(0);
