/**
 * `npm run bench`: the figures that Portage promises, measured on a server of its own. Exit 1 names each bound that was
 * missed. `--only PART,PART` (the parts below), `--rows N`, `--pairs N`, `--max-rate N`, `--json`. `--postgres FOLDER` takes
 * the programs of an installed server: those from npm are compiled for size (-Os), which makes expressions dearer than any
 * server in use has them.
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureBackup, measureRestore } from './backup.ts';
import { measureChanged } from './changed.ts';
import { measureHorizon } from './horizon.ts';
import { SETTINGS, startBench } from './databases.ts';
import { measureKindness } from './kindness.ts';
import { measureLoad } from './load.ts';
import type { Measured } from './measure.ts';
import { measureMemory } from './memory.ts';
import { measureMuchChanged } from './much-changed.ts';
import { measureOverhead } from './overhead.ts';
import { measureRerun } from './rerun.ts';
import { measureRollback } from './rollback.ts';
import { measureSync } from './sync.ts';
import { measureValidate } from './validate.ts';

const PARTS = [
  'load',
  'rerun',
  'changed',
  'sync',
  'horizon',
  'validate',
  'overhead',
  'kindness',
  'backup',
  'restore',
  'memory',
  'rollback',
  'much-changed',
] as const;

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    pairs: { type: 'string', default: '5' },
    'max-rate': { type: 'string', default: '5000' },
    only: { type: 'string', default: PARTS.join(',') },
    postgres: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [rows, pairs, only] = [Number(values.rows), Number(values.pairs), values.only.split(',')];
const maxRate = Number(values['max-rate']);
if (!(rows > 0 && pairs > 0 && maxRate > 0 && only.every((part) => (PARTS as readonly string[]).includes(part)))) {
  process.stderr.write(
    `bench [--rows N] [--pairs N] [--max-rate N] [--only ${PARTS.join(',')}] [--postgres FOLDER] [--json]\n`,
  );
  process.exit(2);
}

/** Lines of cells, each column as wide as its widest cell. */
function tableText(table: readonly (readonly string[])[]): string {
  const widths = (table[0] ?? []).map((_, i) => Math.max(...table.map((line) => line[i]?.length ?? 0)));
  return table.map((line) => `  ${line.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('  ')}`).join('\n');
}

function show(text: string): void {
  if (!values.json)
    process.stdout.write(`${text}
`);
}

const measured: Measured[] = [];
function tell(part: Measured): void {
  measured.push(part);
  const checks = part.checks.map(({ bound, got, met }) => `  ${met ? 'met   ' : 'MISSED'} ${bound}: ${got}`);
  show(`\n${part.title}\n${tableText(part.table)}\n${checks.join('\n')}`);
}

const programs = values.postgres;
const bench = await startBench(
  programs === undefined ? undefined : { initdb: join(programs, 'initdb'), postgres: join(programs, 'postgres') },
);
const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0] ?? '';
const machine = {
  postgres: bench.version,
  node: process.versions.node,
  processors: cpus().length,
  loadBefore: Number(load),
  settings: SETTINGS,
};
try {
  const settings = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`);
  show(
    `PostgreSQL ${machine.postgres}, Node ${machine.node}, ${machine.processors} processors, load before ${load}\n${settings.join(' ')}`,
  );
  const parts = only.filter((part) => part !== 'memory' && part !== 'horizon');
  if (parts.length > 0) await bench.prepare(rows);
  if (only.includes('load')) tell(await measureLoad(bench, rows, pairs));
  if (only.includes('rerun')) tell(await measureRerun(bench, rows));
  if (only.includes('changed')) tell(await measureChanged(bench, rows));
  if (only.includes('sync')) tell(await measureSync(bench, rows));
  if (only.includes('validate')) tell(await measureValidate(bench, rows));
  if (only.includes('overhead')) tell(await measureOverhead(bench, rows));
  if (only.includes('kindness')) tell(await measureKindness(bench, rows, maxRate));
  if (only.includes('backup')) tell(await measureBackup(bench, rows));
  if (only.includes('restore')) tell(await measureRestore(bench, rows));
  if (only.includes('rollback')) tell(await measureRollback(bench, rows));
  if (only.includes('much-changed')) tell(await measureMuchChanged(bench, rows));
  if (only.includes('horizon')) tell(await measureHorizon(bench, rows));
  if (only.includes('memory')) tell(await measureMemory(bench, Math.max(rows * 3, 100_000)));
} finally {
  await bench.end();
}
if (values.json) process.stdout.write(`${JSON.stringify({ machine, parts: measured }, null, 2)}\n`);
const missed = measured.flatMap((part) =>
  part.checks.filter((check) => !check.met).map((check) => `${part.title}: ${check.bound}, got ${check.got}`),
);
for (const line of missed) process.stderr.write(`missed: ${line}\n`);
process.exitCode = missed.length === 0 ? 0 : 1;
