// The performance programs of the guide, in processes of their own, on a ledger with real runs.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Measured } from '../../shared/domain/performance/regression.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const ROOT = join(import.meta.dirname, '../..');

let p: Portage;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portage-programs-'));
  p = await portage(
    `${SURGERY_SOURCE} INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 + n % 2 FROM generate_series(21, 3000) n`,
    SURGERY_TARGET,
    surgery,
  );
  await p.migrate({ batchSize: 100, sequential: true });
});
afterAll(async () => {
  await p.end();
  await rm(folder, { recursive: true, force: true });
});

/** As `npm run` starts it: what package.json says, and that it says so. */
async function program(name: string, ...words: readonly string[]): Promise<{ exit: number; out: string; err: string }> {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const [, script = ''] = /^node (\S+)$/.exec(scripts[name] ?? '') ?? [];
  const env = { ...process.env, PORTAGE_LOG_DIR: join(folder, 'logs') };
  return new Promise((done) => {
    execFile(process.execPath, [join(ROOT, script), ...words], { cwd: ROOT, env }, (error, out, err) =>
      done({ exit: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

describe('current-performance and regression-check', () => {
  const baseline = (): string => join(folder, 'baseline.json');

  test('what one prints is the baseline of the other', async () => {
    const now = await program('current-performance');
    expect(now.exit).toBe(0);
    const { entities } = JSON.parse(now.out) as { entities: Measured[] };
    expect(entities.find(({ entity }) => entity === 'doctors')).toMatchObject({ rows: 3000 });
    await writeFile(baseline(), now.out);
    const same = await program('regression-check', '--baseline', baseline());
    expect(same).toMatchObject({ exit: 0, out: expect.stringContaining('ok    doctors rowsPerSecond') });

    const faster = entities.map((each) => ({ ...each, rowsPerSecond: each.rowsPerSecond! * 2 }));
    await writeFile(baseline(), JSON.stringify({ entities: faster }));
    const worse = await program('regression-check', '--baseline', baseline());
    expect(worse).toMatchObject({ exit: 1, out: expect.stringMatching(/WORSE doctors rowsPerSecond: .*\(-50 %\)/) });
  });

  test('what is no baseline is refused, and so is none', async () => {
    await writeFile(baseline(), '{"entities": [{"entity": 1}]}');
    for (const words of [['--baseline', baseline()], ['--baseline', join(folder, 'none.json')], [], ['--base', 'x']])
      expect((await program('regression-check', ...words)).exit).toBe(2);
  });
});

test('analyze-batch-performance compares the sizes that were tried', async () => {
  const one = await program('analyze-batch-performance', '--entity', 'doctors');
  expect(one).toMatchObject({ exit: 0, out: expect.stringMatching(/~128 +30 /) });
  expect(one.out).toContain('run with another --batch-size');
  await p.migrate({ mode: 'full', batchSize: 500, sequential: true });
  const two = await program('analyze-batch-performance', '--entity', 'doctors');
  expect(two.out).toMatch(/Best: about (128|512) rows a batch/);
  expect(await program('analyze-batch-performance', '--entity', 'docters')).toMatchObject({
    exit: 2,
    err: expect.stringContaining('did you mean "doctors"?'),
  });
});

test('memory-analysis holds each size to the same line, without writing', async () => {
  const before = await p.value('SELECT count(*) FROM migration_batches');
  const { exit, out } = await program(
    'memory-analysis',
    '--entity',
    'doctors',
    '--batch-sizes',
    '100,1000',
    '--duration',
    '2',
  );
  expect(exit).toBe(0);
  for (const size of ['100', '1000'])
    expect(out).toMatch(new RegExp(`^ +${size} +[\\d,]+ +\\d+ MiB +\\d+ MiB   not enough data$`, 'm'));
  expect(await p.value('SELECT count(*) FROM migration_batches')).toBe(before);
  expect(
    (await program('memory-analysis', '--entity', 'docters', '--batch-sizes', '100', '--duration', '1')).exit,
  ).toBe(2);
});
