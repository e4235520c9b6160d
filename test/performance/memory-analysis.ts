/**
 * `npm run memory-analysis -- --entity NAME --batch-sizes A,B,C [--duration S]`: for each size a process of its own that reads
 * batches and writes none (memory-leak-check), and the most memory that it held. Exit 1 where one of them leaks.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { memoryLeakCheckAnswer } from '../../shared/operations/migration-analyzer/memory-leak-check.ts';
import { flags } from './ask-portage.ts';
import { watchMemory } from './process-memory.ts';

const PROGRAM = fileURLToPath(new URL('../../cli/portage.js', import.meta.url));
const usage = 'memory-analysis --entity NAME --batch-sizes A,B,C [--duration SECONDS]';
const values = flags(usage, ['entity', 'batch-sizes', 'duration'], ['entity', 'batch-sizes']);
const sizes = (values['batch-sizes'] ?? '').split(',').map((size) => size.trim());

interface Run {
  readonly exit: number | null;
  readonly out: string;
  readonly peakBytes: number;
}

function run(size: string): Promise<Run> {
  const words = ['migration-analyzer', 'memory-leak-check', '--entity', values['entity'] ?? '', '--batch-size', size];
  const more = ['--duration', values['duration'] ?? '30', '--json'];
  const child = spawn(process.execPath, [PROGRAM, ...words, ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
  const memory = watchMemory(child.pid ?? 0);
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (exit) => done({ exit, out, peakBytes: memory.stop() }));
  });
}

const mib = (bytes: number | null): string => (bytes === null ? '-' : `${Math.round(bytes / 2 ** 20)} MiB`);
let worst = 0;
process.stdout.write('  rows a batch   rows read   peak of the process   left after collection   verdict\n');
// One after the other: they would share the servers, and the memory of this machine.
for (const size of sizes) {
  const { exit, out, peakBytes } = await run(size);
  const last = out.trimEnd().split('\n').at(-1) ?? '';
  if (exit !== 0 && exit !== 1) {
    process.stderr.write(`${last}\n`);
    process.exit(exit ?? 3);
  }
  const { rows, growth } = memoryLeakCheckAnswer.parse(JSON.parse(last));
  const cells = [
    size.padStart(14),
    rows.toLocaleString('en-US').padStart(12),
    mib(peakBytes).padStart(22),
    mib(growth.last).padStart(24),
  ];
  process.stdout.write(`${cells.join('')}   ${growth.verdict}\n`);
  worst = Math.max(worst, exit);
}
process.exit(worst);
