#!/usr/bin/env node
// The `portage` command: plain JavaScript, so that any Node from 20 on can start it. The program itself is TypeScript that
// runs without a build, which needs Node 24; an older Node hands over to the one that `npm ci` installed.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const root = new URL('../', import.meta.url);

if (Number(process.versions.node.split('.')[0]) < NEEDED_MAJOR) handOver();
else await runHere();

/** Loads the program in this process, with the compiled code kept between runs. */
async function runHere() {
  hideExperimentalWarnings();
  module.enableCompileCache(fileURLToPath(new URL('node_modules/.cache/portage', root)));
  await import('./main.ts');
}

/** Other warnings still reach the listener that Node itself set up. */
function hideExperimentalWarnings() {
  const printers = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') for (const print of printers) print.call(process, warning);
  });
}

/** Runs this file again under Node 24 and ends as that process ends. */
function handOver() {
  const node = fileURLToPath(new URL('node_modules/node/bin/node', root));
  if (!existsSync(node)) return refuse(`found Node ${process.versions.node}`);

  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole group, so the child has it already; twice would mean "give up at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => refuse(error.message));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 3);
    for (const each of signals) process.removeAllListeners(each);
    process.kill(process.pid, signal);
    process.exitCode = 128 + constants.signals[signal];
  });
}

/** Exit status 2: nothing was done. */
function refuse(reason) {
  process.stderr.write(`portage needs Node ${NEEDED_MAJOR} (${reason}). Run \`npm ci\` here, which installs it.\n`);
  process.exit(2);
}
