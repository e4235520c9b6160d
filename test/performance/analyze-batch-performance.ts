/**
 * `npm run analyze-batch-performance -- --entity NAME [--last-days N]`: rows a second by the size of a batch, over the batches
 * in the ledger, and which size was best.
 */
import { batchBins } from '../../shared/database/performance/report-figures.ts';
import { dependencies, closeDependencies } from '../../functions/dependencies.ts';
import { bestSize, sizeClasses } from '../../shared/domain/performance/batch-sizes.ts';
import { selectEntities } from '../../shared/domain/select-entities.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { localRuntime } from '../../cli/local/runtime.ts';
import { readConfig } from '../../shared/config.ts';
import { flags } from './ask-portage.ts';

const values = flags('analyze-batch-performance --entity NAME [--last-days N]', ['entity', 'last-days'], ['entity']);
const days = Number(values['last-days'] ?? '30');
const whole = (value: number): string => value.toLocaleString('en-US');

try {
  const runtime = await localRuntime(readConfig(), { planned: () => undefined });
  const deps = await dependencies();
  const map = await deps.configuredMap();
  const entities = selectEntities((values['entity'] ?? '').split(','), Object.keys(map.entities));
  const question = { mapName: map.name, entities, days };
  const classes = sizeClasses(
    await deps.withTarget('analyze-batch-performance', (target) => batchBins(target, question)),
  );
  process.stdout.write(`${entities.join(', ')}: batches of the last ${days} days\n`);
  process.stdout.write('  rows a batch   batches   ms a batch   rows/s of a lane\n');
  for (const { rows, batches, ms, rowsPerSecond } of classes)
    process.stdout.write(
      `  ${`~${whole(rows)}`.padStart(12)}${whole(batches).padStart(10)}${whole(ms).padStart(13)}${whole(rowsPerSecond).padStart(19)}\n`,
    );
  const best = bestSize(classes);
  process.stdout.write(
    best === null
      ? 'Two sizes with five batches each are needed for a comparison: run with another --batch-size.\n'
      : `Best: about ${whole(best.rows)} rows a batch, ${whole(best.rowsPerSecond)} rows/s of a lane.\n`,
  );
  await closeDependencies();
  await runtime.close();
  process.exit(classes.length === 0 ? 3 : 0);
} catch (error) {
  if (!(error instanceof PortageError)) throw error;
  process.stderr.write(`${error.code} ${error.message}\n  next      ${error.next}\n`);
  process.exit(error.exit);
}
