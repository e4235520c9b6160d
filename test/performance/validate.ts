/**
 * A full verdict over rows that match, and over ten that do not, against two queries that compare both tables by hand, run side
 * by side. Bare checksums are shown beside them: they hash each table by itself, and two such sums can never be equal
 * (docs/adr/0056).
 */
import type { Bench } from './databases.ts';
import { run } from './databases.ts';
import { floorSql } from './floor.ts';
import { mebibytes, median, seconds, type Measured } from './measure.ts';
import { migrateOrders, runPortage, type Ran } from './portage-command.ts';
import type { Sides } from './sides.ts';

const MOST_TIMES = 1.5;
const MOST_TIMES_DIFFERING = 2;
const MOST_MOVED_BYTES = 2 ** 20;
const MOST_MEMORY_BYTES = 256 * 2 ** 20;
const DIFFERENCES = 10;
const REPEATS = 5;

/** Both queries at once, as somebody with two terminals would run them. */
async function sideBySide(sides: Sides, name: 'checksum' | 'comparison'): Promise<{ ms: number; equal: boolean }> {
  const started = performance.now();
  const [[ofSource], [ofTarget]] = await Promise.all([
    run(sides.source, floorSql(`${name} of source`)),
    run(sides.target, floorSql(`${name} of target`)),
  ]);
  const ms = performance.now() - started;
  return { ms, equal: ofSource?.['rows'] === ofTarget?.['rows'] && ofSource?.['hashes'] === ofTarget?.['hashes'] };
}

interface Report {
  readonly verdict: string;
  readonly coverage: { readonly entities: Record<string, { readonly pieces: readonly { bytes: number | null }[] }> };
  readonly differences?: readonly { readonly columns: readonly string[]; readonly reason: string }[];
}

interface Judged extends Ran {
  readonly report: Report;
}

export async function judge(sides: Sides, ...more: string[]): Promise<Judged> {
  const ran = await runPortage(['data-validator', 'validate', '--entities', 'orders', ...more], sides, [0, 1]);
  return { ...ran, report: JSON.parse(ran.output) as Report };
}

const movedBytes = ({ report }: Judged): number =>
  Object.values(report.coverage.entities)
    .flatMap(({ pieces }) => pieces)
    .reduce((sum, piece) => sum + (piece.bytes ?? 0), 0);

/** Ten rows all over the table: another text, another number, another parent. */
const spoil = (rows: number): string => {
  const keys = Array.from({ length: DIFFERENCES }, (_, i) => 1 + Math.floor((i + 0.5) * (rows / DIFFERENCES)));
  return `UPDATE orders SET status = status || 'x' WHERE legacy_id IN (${keys.join(', ')})`;
};

export async function measureValidate(bench: Bench, rows: number): Promise<Measured> {
  const sides = await bench.fresh();
  try {
    await migrateOrders(sides);
    await run(sides.target, 'VACUUM ANALYZE orders');
    await judge(sides);
    const times: { bare: number; floor: number; verdict: number }[] = [];
    let peak = 0;
    let moved = 0;
    let matched = true;
    for (let i = 0; i < REPEATS; i++) {
      const { ms: bare } = await sideBySide(sides, 'checksum');
      const { ms: floor, equal } = await sideBySide(sides, 'comparison');
      if (!equal) throw new Error('both tables should be equal by hand, too');
      const judged = await judge(sides);
      matched &&= judged.report.verdict === 'match';
      peak = Math.max(peak, judged.peakBytes);
      moved = Math.max(moved, movedBytes(judged));
      times.push({ bare, floor, verdict: judged.ms });
    }
    await run(sides.target, spoil(rows));
    const differing: number[] = [];
    let found = 0;
    let told = 0;
    let movedDiffering = 0;
    for (let i = 0; i < REPEATS; i++) {
      const judged = await judge(sides, '--verbose');
      differing.push(judged.ms);
      const list = judged.report.differences ?? [];
      found = list.length;
      told = list.filter(({ columns, reason }) => columns.join() === 'status' && reason !== '').length;
      movedDiffering = movedBytes(judged);
      peak = Math.max(peak, judged.peakBytes);
    }
    const [bare, floor, verdict, ten] = [
      median(times.map((time) => time.bare)),
      median(times.map((time) => time.floor)),
      median(times.map((time) => time.verdict)),
      median(differing),
    ];
    const factor = median(times.map((time) => time.verdict / time.floor));
    const more = ten / verdict;
    return {
      title: `Verdict over ${rows} orders with one reference`,
      table: [
        ['', 'bare checksums', 'compared by hand', 'verdict', 'times', `${DIFFERENCES} differences`],
        ...times.map((time, i) => [
          String(i + 1),
          seconds(time.bare),
          seconds(time.floor),
          seconds(time.verdict),
          (time.verdict / time.floor).toFixed(2),
          seconds(differing[i] ?? 0),
        ]),
        ['median', seconds(bare), seconds(floor), seconds(verdict), factor.toFixed(2), seconds(ten)],
        ['moved', '', '', `${moved} bytes`, '', `${movedDiffering} bytes`],
      ],
      figures: { rows, times, differing, factor, ofBare: verdict / bare, more, moved, movedDiffering, peak },
      checks: [
        {
          bound: `the verdict is match, within ${MOST_TIMES} times both tables compared by hand`,
          got: `${matched ? 'match' : 'no match'}, ${factor.toFixed(2)} (${(verdict / bare).toFixed(2)} of the bare checksums)`,
          met: matched && factor <= MOST_TIMES,
        },
        {
          bound: `${DIFFERENCES} differences with column and reason within ${MOST_TIMES_DIFFERING} times the verdict alone`,
          got: `${told} of ${found}, ${more.toFixed(2)}`,
          met: found === DIFFERENCES && told === DIFFERENCES && more <= MOST_TIMES_DIFFERING,
        },
        {
          bound: `at most ${MOST_MOVED_BYTES} bytes between server and process`,
          got: String(movedDiffering),
          met: movedDiffering <= MOST_MOVED_BYTES,
        },
        { bound: `memory under ${mebibytes(MOST_MEMORY_BYTES)}`, got: mebibytes(peak), met: peak <= MOST_MEMORY_BYTES },
      ],
    };
  } finally {
    await bench.drop(sides);
  }
}
