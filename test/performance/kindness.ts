/** What a migration costs those who work on the source meanwhile: their 95th percentile, its oldest snapshot, its ETA. */
import { setTimeout as pause } from 'node:timers/promises';
import { migrate } from '../../shared/operations/differential-migration/migrate.ts';
import type { Bench } from './databases.ts';
import { percentile, startEverydayLoad } from './everyday-load.ts';
import { seconds, type Measured } from './measure.ts';
import { runPortage } from './portage-command.ts';
import { watchRun } from './watch-run.ts';

const QUIET_MS = 10_000;
/** At a pace that leaves the source most of its time. */
const MOST_MORE = 0.1;
/** DESIGN: no snapshot of the source older than 5 s. */
const OLDEST_SNAPSHOT_SECONDS = 5;
const ETA_FROM = 0.2;
/** Of the whole run: how far the foretold end may be from the real one. */
const MOST_ETA_ERROR = 0.15;
const LEAST_ETA_MS = 10_000;

/** @param maxRate rows a second that the migration may read */
export async function measureKindness(bench: Bench, rows: number, maxRate: number): Promise<Measured> {
  const limits = migrate.flags.some((flag) => flag.name === 'max-rate');
  const sides = await bench.fresh();
  const load = startEverydayLoad(sides.source, rows);
  const watch = await watchRun(sides, 'bench', 'orders'); // beside both, so that it makes no difference
  try {
    await pause(1000); // sessions, plans and pages are warm
    await load.taken();
    await pause(QUIET_MS);
    const quiet = await load.taken();

    const limit = limits ? ['--max-rate', String(maxRate)] : [];
    const { ms } = await runPortage(['differential-migration', 'migrate', '--entities', 'orders', ...limit], sides);
    const busy = await load.taken();
    const { oldestSnapshotSeconds, looks } = await watch.stop();

    const [before, during] = [percentile(quiet, 0.95), percentile(busy, 0.95)];
    // The entity's own time: the command starts, plans and ends around it.
    const [began, ended] = [looks[0]?.at ?? 0, looks.at(-1)?.at ?? 0];
    const errors = looks
      .filter(({ share }) => share >= ETA_FROM)
      .map(({ at, etaSeconds }) => Math.abs(at + etaSeconds * 1000 - ended) / (ended - began));
    const worst = Math.max(0, ...errors);
    const millis = (value: number): string => `${value.toFixed(2)} ms`;
    const rate = limits ? `at most ${maxRate} rows/s` : 'no limit: this version has no --max-rate';
    return {
      title: `Kindness to the source: ${rows} orders in ${seconds(ms)}, ${rate}`,
      table: [
        ['everyday load', 'requests', 'median', 'p95', 'p99'],
        ...(
          [
            ['alone', quiet],
            ['beside the migration', busy],
          ] as const
        ).map(([name, times]) => [
          name,
          String(times.length),
          ...[0.5, 0.95, 0.99].map((share) => millis(percentile(times, share))),
        ]),
      ],
      figures: { rows, maxRate: limits ? maxRate : null, ms, before, during, oldestSnapshotSeconds, looks, worst },
      checks: [
        {
          bound: `p95 at most ${MOST_MORE * 100} % more`,
          got: `${millis(before)} alone, ${millis(during)} beside it`,
          met: during <= before * (1 + MOST_MORE),
        },
        {
          bound: `no snapshot older than ${OLDEST_SNAPSHOT_SECONDS} s`,
          got: `${oldestSnapshotSeconds.toFixed(2)} s`,
          met: oldestSnapshotSeconds <= OLDEST_SNAPSHOT_SECONDS,
        },
        // ETA is told in whole seconds: of a run of a few it says nothing.
        ...(ended - began < LEAST_ETA_MS
          ? []
          : [
              {
                bound: `ETA from ${ETA_FROM * 100} % on within ${MOST_ETA_ERROR * 100} % of the run`,
                got: `${(worst * 100).toFixed(0)} %`,
                met: worst <= MOST_ETA_ERROR,
              },
            ]),
      ],
    };
  } finally {
    await load.stop();
    await bench.drop(sides);
  }
}
