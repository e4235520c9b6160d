// The two reports as a reader has them: real ledgers, in a real browser, on a phone and at a desk, by day and by night, on
// paper, and with a keyboard alone.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import type { JudgeOutput } from '../../shared/contracts/validation.ts';
import type { PerformanceReport } from '../../shared/domain/performance/report.ts';
import { generatePerformanceReportAnswer } from '../../shared/operations/migration-analyzer/generate-performance-report.ts';
import { performancePage } from '../../shared/report/performance-page.ts';
import { validationPage } from '../../shared/report/validation-page.ts';
import { startBrowser, whyNoBrowser, type StartedBrowser } from '../support/browser.ts';
import { faintTexts, focused, overflowing } from '../support/browser/page-facts.ts';
import { ask } from '../support/inspect.ts';
import { portage, type Portage } from '../support/portage.ts';
import { SURGERY_SOURCE, SURGERY_TARGET, surgery } from '../support/surgery.ts';

const why = whyNoBrowser();
if (why !== null) process.stderr.write(`The reports are not looked at in a browser: ${why}.\n`);

/** The width of a sheet without its margins. */
const A4 = 718;
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };
const PAGES = ['performance', 'performance of long names', 'validation', 'cut-over', 'cut-over of long names'] as const;
type Name = (typeof PAGES)[number];
/** As long as PostgreSQL takes. */
const LONG = 'x_name_of_sixty_three_letters_which_is_as_long_as_it_can_be_abc';

(why === null ? describe : describe.skip)(`in Chromium${why === null ? '' : `: ${why}`}`, () => {
  let p: Portage;
  let folder: string;
  let started: StartedBrowser | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'portage-reports-'));
    const browser = startBrowser().then((one) => (started = one));
    p = await portage(
      `${SURGERY_SOURCE} INSERT INTO doctor SELECT n, 'Doctor ' || n, n, 1 + n % 2 FROM generate_series(21, 3000) n`,
      SURGERY_TARGET,
      surgery,
    );
    await writeReports();
    await browser;
  });
  afterAll(async () => {
    await started?.end();
    await p.end();
    await rm(folder, { recursive: true, force: true });
  });

  const place = (name: Name): string => join(folder, `${name}.html`);

  /** Of two runs with conflicts, a row set aside and rows that differ; and the same where every name is long. */
  async function writeReports(): Promise<void> {
    await p.migrate({ batchSize: 200 });
    await p.run(
      'source',
      "UPDATE doctor SET fee = 7, email = 'new@example.org' WHERE doc_no < 40; INSERT INTO doctor VALUES (9001, 'No office', 1, 99)",
    );
    await p.run('target', "UPDATE doctors SET fee = 8, email = 'theirs@example.org' WHERE legacy_id < 20");
    await p.migrate();
    await p.run('target', "UPDATE doctors SET note = 'theirs' WHERE legacy_id BETWEEN 100 AND 130");

    const report = async (name: string): Promise<void> => {
      const command = 'migration-analyzer generate-performance-report';
      await ask(generatePerformanceReportAnswer, command, { lastDays: 7, output: join(folder, name) });
    };
    await report('performance.html');
    await report('performance.json');
    const figures = JSON.parse(await readFile(join(folder, 'performance.json'), 'utf8')) as PerformanceReport;
    const long = <T extends { readonly entity: string }>(all: readonly T[]): T[] =>
      all.map((each) => ({ ...each, entity: `${each.entity}_${LONG}` }));
    await writeFile(
      place('performance of long names'),
      performancePage({
        ...figures,
        map: LONG,
        runs: long(figures.runs),
        entities: long(figures.entities).map((each) => ({ ...each, findings: [LONG], advice: [LONG] })),
        carried: long(figures.carried),
        differentials: long(figures.differentials),
        columns: long(figures.columns).map((each) => ({ ...each, column: LONG })),
        setAside: long(figures.setAside),
        notes: [LONG],
      }),
    );

    await p.execute('validation', { command: 'data-validator validate', output: place('validation') });
    const { output } = await p.execute<JudgeOutput>('validation', {
      command: 'cut-over',
      check: true,
      output: place('cut-over'),
    });
    const around = output!.circumstances!;
    await writeFile(
      place('cut-over of long names'),
      validationPage(
        {
          ...output!,
          entities: { [LONG]: output!.entities['doctors']! },
          findings: [{ entity: LONG, code: 'V001', message: `${LONG}.${LONG}` }],
          circumstances: {
            ...around,
            environment: LONG,
            map: { ...around.map, name: LONG },
            openConflicts: { [LONG]: 1_000_000 },
            setAside: [{ entity: LONG, code: 'M003', open: 1_000_000, ignored: 0 }],
            databases: { source: `${LONG} on ${LONG}`, target: LONG },
          },
        },
        [{ entity: LONG, legacyId: LONG, kind: 'value', columns: [LONG, LONG], reason: LONG }],
        true,
      ),
    );
  }

  /** Opens a page; at the end it must have complained of nothing and asked for nothing beside itself. */
  async function opened(name: Name, work: (page: Page) => Promise<void>): Promise<void> {
    const context = await started!.browser.newContext({ viewport: PHONE, colorScheme: 'light' });
    const said: string[] = [];
    const url = pathToFileURL(place(name)).href;
    const page = await context.newPage();
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    page.on('request', (request) => request.url() !== url && said.push(`asks for ${request.url()}`));
    await page.goto(url);
    await work(page);
    expect(said).toEqual([]);
    await context.close();
  }

  /** What axe finds wrong, as rule and place: by all its rules, or in colours alone. */
  async function faults(page: Page, rules: 'all' | 'color-contrast'): Promise<string[]> {
    const options = { resultTypes: ['violations'], preload: false, ...(rules === 'all' ? {} : { runOnly: [rules] }) };
    const found = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`);
    // A check of contrast that looked at nothing would find nothing.
    expect(found.passes.map(({ id }) => id)).toContain('color-contrast');
    return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}`));
  }
  /** Texts that stand out too little, in the drawings too. */
  async function faint(page: Page, rules: 'all' | 'color-contrast' = 'color-contrast'): Promise<string[]> {
    const drawn = await page.evaluate(faintTexts);
    expect(drawn.texts).toBeGreaterThan(3);
    return [...(await faults(page, rules)), ...drawn.faint];
  }

  const unfold = (page: Page): Promise<void> =>
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true");

  test.each(PAGES)('%s: nothing is cut off and nothing is faint, on a phone, at a desk, by day and by night', (name) =>
    opened(name, async (page) => {
      await page.evaluate(axe.source);
      for (const viewport of [PHONE, DESK]) {
        await page.setViewportSize(viewport);
        expect(await page.evaluate(overflowing, '.skip, .scroll *')).toEqual([]);
      }
      await unfold(page);
      for (const viewport of [PHONE, DESK]) {
        await page.setViewportSize(viewport);
        expect(await page.evaluate(overflowing, '.skip, .scroll *')).toEqual([]);
        await page.emulateMedia({ colorScheme: 'light' });
        expect(await faint(page, viewport === PHONE ? 'all' : 'color-contrast')).toEqual([]);
        await page.emulateMedia({ colorScheme: 'dark' });
        expect(await faint(page)).toEqual([]);
      }
    }),
  );

  test.each(PAGES)('%s: on paper it is light even by night, unfolded, and no table is cut off', (name) =>
    opened(name, async (page) => {
      await page.evaluate(axe.source);
      await page.setViewportSize({ width: A4, height: 1000 });
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      const ground = 'getComputedStyle(document.body).backgroundColor';
      expect(await page.evaluate(ground)).toBe('rgb(255, 255, 255)');
      expect(await page.evaluate(overflowing, '.skip')).toEqual([]);
      expect(await faint(page)).toEqual([]);
      for (const table of await page.locator('details .scroll').all()) expect(await table.isVisible()).toBe(true);
    }),
  );

  test.each(PAGES)('%s: everything can be reached and opened by keyboard, and is seen to have the focus', (name) =>
    opened(name, async (page) => {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(focused)).toMatchObject({ name: 'A To the content', seen: true });
      const stops: string[] = [];
      for (;;) {
        await page.keyboard.press('Tab');
        const stop = await page.evaluate(focused);
        if (stop === null) break;
        expect(stop).toEqual({ name: stop.name, seen: true, marked: true });
        stops.push(stop.name);
        // What is folded opens by keyboard, and what was in it comes next.
        if (stop.name.startsWith('SUMMARY')) await page.keyboard.press('Enter');
      }
      const all = `[...document.querySelectorAll('nav a, summary, .scroll')]
        .map((each) => each.tagName + ' ' + (each.ariaLabel ?? each.textContent.trim()))`;
      expect(stops).toEqual(await page.evaluate(all));
      expect(await page.locator('details .scroll').count()).toBeGreaterThan(0);
    }),
  );

  test('a link leads to its section, and a table that is too wide scrolls, by keyboard', () =>
    opened('performance', async (page) => {
      await page.locator('nav a', { hasText: 'Checkpoints' }).focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      expect(await page.evaluate(focused)).toMatchObject({ name: 'DIV Checkpoints, the newest first', seen: true });
      const left = 'document.activeElement.scrollLeft';
      expect(await page.evaluate(left)).toBe(0);
      await page.keyboard.press('ArrowRight');
      // It glides.
      for (let waited = 0; (await page.evaluate(left)) === 0 && waited < 2000; waited += 50)
        await page.waitForTimeout(50);
      expect(await page.evaluate(left)).toBeGreaterThan(0);
    }));
});
