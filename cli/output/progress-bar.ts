/** The bar of a long command: rows, rows/s and the time that remains, asked for once a second. */
import { Presets, SingleBar } from 'cli-progress';
import { etaMeter, type EtaMeter } from '../../shared/domain/eta.ts';
import type { EntityProgress, ProgressSource } from '../../shared/operations/ports.ts';
import { duration, number } from './table.ts';

const EVERY_MS = 1_000;
const FORMAT = '{bar} {share} | {rows} | {rate}ETA {remaining}{doing}';
const BAR = 16;
/** The rate is that of the last seconds: an average over the whole run would hide that it has become slow. */
const WINDOW = 10;

/** Shows a bar until the answer is called. An inquiry that fails is skipped: the command itself tells what is wrong. */
export function showProgress(source: ProgressSource, execution: string): () => void {
  const bar = new SingleBar(
    {
      format: FORMAT,
      hideCursor: true,
      clearOnComplete: true,
      barsize: BAR,
      stream: process.stderr,
    },
    Presets.shades_classic,
  );
  const measure = rateMeter();
  const remaining = etaMeter();
  let started = false;
  let asking = false;
  const tick = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    try {
      const found = await source.progress(execution);
      if (found === null || stopped) return;
      const view = progressView(found.entities, measure, remaining, found.unit, process.stderr.columns);
      if (!started) bar.start(view.total, view.done, view.texts);
      started = true;
      bar.setTotal(view.total);
      bar.update(view.done, view.texts);
    } catch {
      // Shown next time, or never.
    } finally {
      asking = false;
    }
  };
  let stopped = false;
  const timer = setInterval(() => void tick(), EVERY_MS);
  timer.unref();
  return () => {
    stopped = true;
    clearInterval(timer);
    if (started) bar.stop();
  };
}

export interface ProgressView {
  readonly done: number;
  readonly total: number;
  readonly texts: {
    readonly share: string;
    readonly rows: string;
    readonly rate: string;
    readonly remaining: string;
    readonly doing: string;
  };
}

/** Rows per second over the last measurements. */
export type RateMeter = (rows: number) => number | null;

export function rateMeter(now: () => number = () => performance.now()): RateMeter {
  const seen: { at: number; rows: number }[] = [];
  return (rows) => {
    seen.push({ at: now(), rows });
    if (seen.length > WINDOW) seen.shift();
    const [first] = seen;
    const last = seen.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return null;
    return ((last.rows - first.rows) * 1000) / (last.at - first.at);
  };
}

export function progressView(
  entities: readonly EntityProgress[],
  measure: RateMeter,
  remaining: EtaMeter,
  unit: 'rows' | 'slices' = 'rows',
  columns = Infinity,
): ProgressView {
  const done = entities.reduce((sum, each) => sum + each.rowsDone, 0);
  // Where nobody has counted, what is done is the least that there is.
  const total = entities.reduce((sum, each) => sum + Math.max(each.rowsTotal ?? 0, each.rowsDone), 0);
  const rate = measure(done);
  const counted = entities.every((each) => each.rowsTotal !== null);
  const active = entities.filter((each) => each.status === 'in_progress').map((each) => each.entity);
  const texts = {
    share: total === 0 ? '-' : `${Math.floor((done * 100) / total)} %`,
    rows: counted ? `${number(done)} of ${number(total)} ${unit}` : `${number(done)} ${unit}`,
    // So few are done a second that the rate of slices is one of hours: the time that remains says it.
    rate: unit === 'slices' ? '' : `${number(rate === null ? null : Math.round(rate))} rows/s | `,
    remaining: duration(remaining(entities)),
  };
  const rest = FORMAT.replace('{bar}', ' '.repeat(BAR))
    .replace('{doing}', '')
    .replace(/\{(\w+)\}/g, (_, name: keyof typeof texts) => texts[name]);
  return { done, total: Math.max(total, 1), texts: { ...texts, doing: namesWithin(active, columns - rest.length) } };
}

/** As many of the names as there is room for, and how many more there are. */
function namesWithin(names: readonly string[], room: number): string {
  const said = [3, 2, 1].map((shown) => {
    const more = names.length - shown;
    return names.slice(0, shown).join(', ') + (more > 0 ? ` and ${more} more` : '');
  });
  const texts = names.length === 0 ? [] : [...said, `${names.length} at work`].map((text) => ` | ${text}`);
  return texts.find((text) => text.length <= room) ?? '';
}
