/** One command line from its words to its exit status. Everything that can go wrong is told here, in one way. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkConfig, configurationError, readConfig, setVariables, type Config } from '../shared/config.ts';
import { loadMap } from '../shared/entities/load-map.ts';
import { logger, setLogSink } from '../shared/log/current.ts';
import { streamSink, type LogKind } from '../shared/log/logger.ts';
import { failureOf } from '../shared/operations/failure.ts';
import { validateConfig } from '../shared/operations/migration-analyzer/validate-config.ts';
import { start } from '../shared/operations/sync-scheduler/start.ts';
import { classOf, commandOf, isLong, type Operation, type Program } from '../shared/operations/operation.ts';
import { announce, startInBackground } from './background.ts';
import { execute } from './execute.ts';
import type { Io } from './io.ts';
import { localCommand } from './local/commands.ts';
import { logFiles, type LogFiles } from './local/log-files.ts';
import { localRuntime, localSchedulerPorts } from './local/runtime.ts';
import { printAnswer } from './output/answers.ts';
import { foldingIo } from './output/folding-io.ts';
import { failureJson, failureLines, told, toldOf, type ToldFailure } from './output/failure.ts';
import { schedulerTeller } from './output/scheduler-events.ts';
import { watchSamples, type WatchedSamples } from './output/samples.ts';
import { parse, type Parsed } from './parse.ts';
import { UsageError } from './usage-error.ts';

type OwnLine = Extract<Parsed, { kind: 'own' }>;
type OperationLine = Extract<Parsed, { kind: 'operation' }>;

/** The exit status: 0 done, 1 something found, 2 usage or configuration, 3 it could not finish. */
export async function runCommandLine(argv: readonly string[], io: Io, kill: () => void): Promise<number> {
  let json = argv.includes('--json');
  let verbose = argv.includes('--verbose');
  try {
    const parsed = parse(argv, version());
    if (parsed.kind === 'help') {
      io.out(parsed.text);
      return 0;
    }
    ({ json, verbose } = parsed.options);
    return parsed.kind === 'own' ? await runOwn(parsed, io, kill) : await runOperation(parsed, argv, io, kill);
  } catch (thrown) {
    return tell(toldOf(thrown), json, verbose, io);
  }
}

async function runOwn(line: OwnLine, io: Io, kill: () => void): Promise<number> {
  const { config, faults } = checkConfig();
  if (config === null) throw configurationError(faults);
  const { json, verbose } = line.options;
  if (line.words !== 'demo') {
    await localCommand(line.words.replace(/^local /, ''), config, json, io);
    return 0;
  }
  // Commands of the demo are command lines like any other, whose answers it reads.
  const run = async (words: readonly string[]): Promise<{ code: number; json: unknown }> => {
    let out = '';
    const captured = { ...io, out: (text: string) => void (out += text) };
    const flags = verbose ? ['--json', '--verbose'] : ['--json'];
    const code = await runCommandLine([...words, ...flags], captured, kill);
    return { code, json: JSON.parse(out) as unknown };
  };
  // Sample data in three languages: nobody else should have to load it.
  const { demoCommand } = await import('./local/demo-command.ts');
  return demoCommand(config, line.fields, run, io);
}

async function runOperation(line: OperationLine, argv: readonly string[], io: Io, kill: () => void): Promise<number> {
  const { operation, options } = line;
  if (options.env !== null) return runDeployed(line, options.env, io, kill);
  if (options.map !== null) setVariables({ PORTAGE_MAP: resolve(options.map) });
  const { config, faults } = checkConfig();
  // The command that reports faults goes on, and adds those of the map; every other one stops here.
  if (config === null && commandOf(operation) !== commandOf(validateConfig)) throw configurationError(faults);
  if (!line.wait && config !== null) return runInBackground(line, argv, config, io);

  // Where the command has a use of its own for the word, it means that.
  const ownVerbose = operation.flags.some(({ name }) => name === 'verbose');
  const files = await openLogs(config, options.verbose && !ownVerbose, io);
  try {
    const noticed = options.json ? () => undefined : (notice: string): void => foldingIo(io).err(`${notice}\n`);
    const watched = classOf(operation, line.input) === 'sample' ? watchSamples(operation, options.json, io) : null;
    const observed = watched === null ? {} : { observed: (seen: unknown) => watched.observed(seen) };
    const runtime = await localRuntime(config, { planned: announce, noticed, ...observed });
    try {
      // The database that the server gave is known now.
      if (commandOf(operation) === commandOf(start)) return await runSchedulerHere(line, readConfig(), io, kill);
      return await runThrough(line, runtime, watched, io, kill);
    } finally {
      await runtime.close();
    }
  } catch (thrown) {
    const failure = toldOf(thrown);
    logFailure(operation, failure);
    return tell(failure, options.json, options.verbose, io);
  } finally {
    files?.close();
  }
}

async function runDeployed(line: OperationLine, environment: string, io: Io, kill: () => void): Promise<number> {
  // Nobody who works on his own machine should have to load the clients of AWS.
  const { remoteRuntime, startAndLeave } = await import('./remote/runtime.ts');
  const runtime = remoteRuntime(environment);
  try {
    if (line.wait) {
      const { reportedHere } = await import('./remote/report.ts');
      const executions = reportedHere(runtime.executions, line.operation, line.input);
      return await runThrough(line, { ...runtime, executions }, null, io, kill);
    }
    return await startAndLeave(line.operation, line.input, runtime, io, line.options.json);
  } finally {
    runtime.close();
  }
}

async function runThrough(
  line: OperationLine,
  ports: Parameters<typeof execute>[2],
  watched: WatchedSamples | null,
  io: Io,
  kill: () => void,
): Promise<number> {
  const { operation, options } = line;
  const bar = io.terminal && isLong(classOf(operation, line.input));
  const ended = await execute(operation, line.input, ports, io, { bar, kill });
  watched?.clear();
  // Ended by Ctrl-C, what was seen until then is the answer.
  const seen = ended.status === 'ABORTED' ? (watched?.soFar() ?? null) : null;
  const result = seen === null ? ended : { ...ended, status: 'SUCCEEDED' as const, output: seen };
  if (result.status !== 'SUCCEEDED') {
    const failure = told(failureOf(result.error ?? 'SYS008', result.cause ?? ''));
    logFailure(operation, failure);
    return tell(failure, options.json, options.verbose, io);
  }
  const exit = operation.exit(result.output);
  if (options.json)
    io.out(`${JSON.stringify(watched === null ? result.output : watched.withoutSamples(result.output))}\n`);
  else printAnswer(operation, result.output, io);
  return exit;
}

async function runSchedulerHere(line: OperationLine, config: Config, io: Io, kill: () => void): Promise<number> {
  const { json, verbose } = line.options;
  const seconds = line.own['duration'];
  if (typeof seconds === 'number' && seconds < 1)
    throw new UsageError('--duration takes seconds, at least one', { got: String(seconds) });
  const { runScheduler } = await import('./local/scheduler-command.ts');
  return runScheduler(localSchedulerPorts(config), io, {
    seconds: typeof seconds === 'number' ? seconds : null,
    tell: schedulerTeller(io, json, verbose),
    kill,
  });
}

async function runInBackground(line: OperationLine, argv: readonly string[], config: Config, io: Io): Promise<number> {
  const started = await startInBackground(line.operation, argv, config.home);
  if ('exit' in started) {
    io.out(started.answer);
    return started.exit;
  }
  const { operationId, output } = started;
  if (line.options.json)
    io.out(`${JSON.stringify({ operationId, batchId: null, status: 'running', entities: {}, output })}\n`);
  else foldingIo(io).out(`${operationId} runs in the background. Its answer will be in ${output}\n`);
  return 0;
}

/** JSON errors are the one document on stdout; for a person they go to stderr. */
function tell(failure: ToldFailure, json: boolean, verbose: boolean, io: Io): number {
  if (json) io.out(`${JSON.stringify(failureJson(failure, verbose))}\n`);
  else foldingIo(io).err(failureLines(failure, verbose, io.paintError));
  return failure.exit;
}

const KIND_OF_PROGRAM: Readonly<Record<Program, LogKind>> = {
  'differential-migration': 'migration',
  'data-validator': 'validation',
  'conflict-resolver': 'sync',
  'sync-scheduler': 'sync',
  'migration-analyzer': 'migration',
  'cut-over': 'validation',
};

function logFailure(operation: Operation, failure: ToldFailure): void {
  const { code, message, got, expected, where, trace } = failure;
  const fields = { command: commandOf(operation), code, message, got, expected, where, trace };
  logger(KIND_OF_PROGRAM[operation.program]).error(`${commandOf(operation)} failed`, fields);
}

/** The environment's folder, else the map's. A map that cannot be read is told by the command itself. */
export async function logFolder({ settings, mapFile }: Config): Promise<string> {
  if (settings.logDir !== undefined) return settings.logDir;
  const ofMap = await loadMap(mapFile).then(
    (map) => map.settings?.logDir,
    () => undefined,
  );
  return ofMap ?? './logs';
}

async function openLogs(config: Config | null, verbose: boolean, io: Io): Promise<LogFiles | undefined> {
  const files = config === null ? undefined : logFiles(await logFolder(config));
  const shown = verbose ? streamSink({ write: (text: string) => io.err(text) }) : undefined;
  setLogSink((line) => {
    files?.sink(line);
    shown?.(line);
  });
  return files;
}

function version(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
