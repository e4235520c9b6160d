// The performance report of a real ledger: as figures, and as a page that can be read by everybody, everywhere.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseHTML } from 'linkedom';
import type { PerformanceReport } from '../../shared/domain/performance/report.ts';
import { generatePerformanceReportAnswer } from '../../shared/operations/migration-analyzer/generate-performance-report.ts';
import { DARK, LIGHT, type Theme } from '../../shared/report/palette.ts';
import { performancePage } from '../../shared/report/performance-page.ts';
import { ask, refused } from '../support/inspect.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

/** What is asked of an element; there is no browser, and so none of its types. */
interface Element {
  readonly id: string;
  getAttribute(name: string): string | null;
  closest(selector: string): Element | null;
  querySelector(selector: string): Element | null;
}

const COMMAND = 'migration-analyzer generate-performance-report';

let p: Portage;
let folder: string;
let figures: PerformanceReport;
let html: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portage-report-'));
  p = await portage(
    `${SURGERY_SOURCE} INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 + n % 2 FROM generate_series(21, 2000) n`,
    SURGERY_TARGET,
    surgery,
  );
});
afterAll(async () => {
  await p.end();
  await rm(folder, { recursive: true, force: true });
});

const write = (name: string, lastDays = 7) =>
  ask(generatePerformanceReportAnswer, COMMAND, { lastDays, output: join(folder, name) });

test('refuses other endings, places that are not there, and a target that nobody has migrated into', async () => {
  expect(await refused(COMMAND, { output: 'report.pdf' })).toMatchObject({ code: 'SYS002', exit: 2 });
  expect(await refused(COMMAND, { output: join(folder, 'a.json') })).toMatchObject({
    message: expect.stringContaining('nothing was ever migrated'),
  });
  expect(await readdir(folder)).toEqual([]);
});

describe('of a surgery', () => {
  beforeAll(async () => {
    await p.migrate({ batchSize: 100 });
    await p.run(
      'source',
      "UPDATE doctor SET fee = 7, email = 'new@example.org' WHERE doc_no = 5; INSERT INTO doctor VALUES (9001, 'No office', 1, 99)",
    );
    await p.run(
      'target',
      "UPDATE doctors SET fee = 8, email = 'theirs@example.org' WHERE legacy_id = 5; UPDATE doctors SET note = 'a secret note' WHERE legacy_id = 6",
    );
    await p.migrate();
    expect(await refused(COMMAND, { output: join(folder, 'nowhere/a.json') })).toMatchObject({ code: 'SYS002' });
    expect((await write('report.json')).answer).toMatchObject({ format: 'json', entities: 2, operations: 2 });
    expect((await write('report.HTML')).answer).toMatchObject({ format: 'html' });
    figures = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as PerformanceReport;
    html = await readFile(join(folder, 'report.HTML'), 'utf8');
  });

  test('the figures are those of the ledger', async () => {
    const doctors = figures.entities.find(({ entity }) => entity === 'doctors')!;
    expect(doctors).toMatchObject({ runs: 2, written: 2000, conflicts: 1, setAside: 1 });
    expect(figures.carried.reduce((sum, { rows }) => sum + rows, 0)).toBe(
      Number(await p.value('SELECT sum(rows_read - parked) FROM migration_batches')),
    );
    const moved = `SELECT count(*) FROM migration_batches WHERE slice >= 0 AND rows_read > 0 AND (read_ms > 0 OR inserted + updated + adopted + kept + conflicts + parked + set_aside + deleted > 0)`;
    expect(figures.batches.reduce((sum, bin) => sum + bin.batches, 0)).toBe(Number(await p.value(moved)));
    expect(figures.differentials).toContainEqual({ entity: 'doctors', type: 'conflict', open: 1, closed: 0 });
    expect(figures.columns).toContainEqual({ entity: 'doctors', column: 'email', type: 'conflict', rows: 1 });
    expect(figures.setAside).toEqual([{ entity: 'doctors', code: 'M003', rows: 1 }]);
    expect(figures.runs.map(({ startedAt }) => startedAt)).toEqual(
      figures.runs.map(({ startedAt }) => startedAt).toSorted(),
    );
    expect(figures.memory.length).toBeGreaterThan(0);
  });

  test('no value of a row is in it', () => {
    for (const text of [JSON.stringify(figures), html])
      for (const value of ['example.org', 'a secret note', 'No office', 'Doctor 5']) expect(text).not.toContain(value);
  });

  test('the page needs nothing but itself', () => {
    expect(html).not.toMatch(/<(script|link|img|iframe|object|embed|base|form)\b/i);
    // A name space is no address.
    expect(html.replaceAll(/xmlns(:\w+)?="[^"]*"/g, '')).not.toMatch(/(?:https?:)?\/\/|url\(|@import|@font-face/i);
    expect(html).toContain(`default-src 'none'`);
    expect(html).not.toMatch(/\bon\w+=/i);
  });

  test('is built for keyboard and screen readers', () => {
    const { document } = parseHTML(html) as unknown as {
      readonly document: { readonly documentElement: Element; querySelectorAll(selector: string): Iterable<Element> };
    };
    const all = (selector: string): Element[] => [...document.querySelectorAll(selector)];
    expect(document.documentElement.getAttribute('lang')).toBe('en');
    expect(all('h1')).toHaveLength(1);
    const ids = all('[id]').map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const links = all('nav a').map((link) => link.getAttribute('href')!.slice(1));
    expect(links).toEqual(['summary', 'throughput', 'phases', 'batches', 'memory', 'differences', 'checkpoints']);
    for (const link of links) expect(ids).toContain(link);
    // Every drawing has a name, and its section a table with the figures.
    expect(all('svg').length).toBeGreaterThanOrEqual(12);
    for (const svg of all('svg')) {
      expect(svg.getAttribute('role')).toBe('img');
      expect(svg.getAttribute('aria-label')).toMatch(/\w{4}/);
      expect(svg.closest('section')!.querySelector('table')).not.toBeNull();
    }
    // What scrolls can be reached.
    for (const scroll of all('.scroll')) {
      expect(scroll.getAttribute('tabindex')).toBe('0');
      expect(scroll.getAttribute('aria-label')).toMatch(/\w/);
    }
    for (const head of all('th')) expect(head.getAttribute('scope')).toBe('col');
  });

  test('every colour in use is one of the palette, so that it follows light and dark', () => {
    const body = html.slice(html.indexOf('<body>'));
    expect(body.match(/(?:fill|stroke)="(?!var\(|none|currentColor)[^"]*"/g) ?? []).toEqual([]);
    const used = new Set([...html.matchAll(/var\(--([a-z]+\d*)\)/g)].map(([, name]) => name));
    for (const name of used) expect(html).toContain(`--${name}:`);
  });

  test('a range of days without a run says so', async () => {
    const empty = { ...figures, runs: [], entities: [] };
    expect(performancePage(empty)).toMatch(/No run in the last 7 days/);
    await p.run(
      'target',
      "UPDATE portage.migration_checkpoints SET created_at = now() - interval '9 days', started_at = now() - interval '9 days'",
    );
    expect((await write('later.html')).answer).toMatchObject({ entities: 0, rows: 0 });
  });

  test('names cannot break out of their place', () => {
    const evil = '<script>alert("x")</script>';
    const page = performancePage({
      ...figures,
      map: evil,
      entities: figures.entities.map((each) => ({ ...each, entity: evil, advice: [evil], findings: [evil] })),
      runs: figures.runs.map((run) => ({ ...run, entity: evil, operationId: evil, status: evil })),
      carried: figures.carried.map((each) => ({ ...each, entity: evil })),
      differentials: figures.differentials.map((each) => ({ ...each, entity: evil, type: evil })),
      columns: figures.columns.map((each) => ({ ...each, entity: evil, column: evil })),
      setAside: figures.setAside.map((each) => ({ ...each, entity: evil, code: evil })),
      notes: [evil],
    });
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;');
  });
});

describe('the palette', () => {
  const channel = (value: number): number =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const luminance = (colour: string): number => {
    const [r, g, b] = [1, 3, 5].map((i) => channel(Number.parseInt(colour.slice(i, i + 2), 16)));
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const contrast = (a: string, b: string): number => {
    const [dark, light] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
    return (light! + 0.05) / (dark! + 0.05);
  };

  test('knows black from white', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  });

  test.each<[string, Theme]>([
    ['light', LIGHT],
    ['dark', DARK],
  ])('stands out enough, %s', (_, theme) => {
    for (const ground of [theme.ground, theme.card]) {
      for (const text of [theme.ink, theme.quiet, theme.link, theme.good, theme.bad])
        expect([text, ground, contrast(text, ground) >= 4.5]).toEqual([text, ground, true]);
      for (const series of theme.series)
        expect([series, ground, contrast(series, ground) >= 3]).toEqual([series, ground, true]);
    }
    expect(new Set(theme.series).size).toBe(LIGHT.series.length);
  });
});
