/**
 * `npm run regression-check -- --baseline FILE`: compares the last runs with a baseline (what current-performance printed), and
 * ends with 1 where a figure is worse by more than a fifth.
 */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { compareWithBaseline } from '../../shared/domain/performance/regression.ts';
import { flags } from './ask-portage.ts';
import { measuredNow } from './measured-now.ts';

const nullable = z.number().nullable();
const baselineFile = z.object({
  entities: z.array(
    z.object({
      entity: z.string(),
      rows: z.number(),
      wallMs: z.number(),
      rowsPerSecond: nullable,
      batchMedianMs: z.number(),
      memoryBytes: nullable,
    }),
  ),
});

const { baseline = '' } = flags('regression-check --baseline FILE', ['baseline'], ['baseline']);

function read(file: string): z.output<typeof baselineFile> {
  try {
    return baselineFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    process.stderr.write(
      `${file} is no baseline: ${error instanceof Error ? error.message : String(error)}\nmake one: npm run --silent current-performance > ${file}\n`,
    );
    return process.exit(2);
  }
}

const { figures, missing } = compareWithBaseline(read(baseline).entities, await measuredNow());
for (const { entity, figure, baseline: before, now, percent, worse } of figures)
  process.stdout.write(
    `${worse ? 'WORSE' : 'ok   '} ${entity} ${figure}: ${before} -> ${now} (${percent > 0 ? '+' : ''}${percent} %)\n`,
  );
for (const entity of missing) process.stdout.write(`-     ${entity}: no run to compare with the baseline\n`);
if (figures.length === 0)
  process.stderr.write('nothing could be compared: a run of 1,000 rows is needed on both sides\n');
process.exit(figures.some(({ worse }) => worse) ? 1 : figures.length === 0 ? 3 : 0);
