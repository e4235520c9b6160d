import { expect, test } from '@jest/globals';
import { execute, executionName } from '../../cli/execute.ts';
import { processIo, type Io } from '../../cli/io.ts';
import { runCommandLine } from '../../cli/run.ts';
import { CATALOGUE_OF_OPERATIONS } from '../../shared/operations/catalogue.ts';
import type { ExecutionResult, Executions, ProgressSource } from '../../shared/operations/ports.ts';

interface FakeIo extends Io {
  readonly said: { out: string; err: string };
  readonly interrupt: () => void;
}

function fakeIo(): FakeIo {
  const said = { out: '', err: '' };
  const listeners = new Set<() => void>();
  const plain = (_: string, text: string): string => text;
  return {
    ...processIo,
    said,
    terminal: false,
    paint: plain,
    paintError: plain,
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    interrupt: () => listeners.forEach((listener) => listener()),
    onInterrupt: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
const noKill = (): void => {
  throw new Error('killed');
};

test('with --json a wrong command line is one JSON document on stdout, and nothing on stderr', async () => {
  const io = fakeIo();
  expect(await runCommandLine(['differential-migration', 'migrate', '--mod', 'full', '--json'], io, noKill)).toBe(2);
  expect(JSON.parse(io.said.out)).toMatchObject({
    error: { code: 'USAGE', detail: { expected: 'did you mean --mode?' } },
  });
  expect(io.said.err).toBe('');
});

test('for a person it is text on stderr, and nothing on stdout', async () => {
  const io = fakeIo();
  expect(await runCommandLine(['migration-analyzer', 'checkpoint-statu'], io, noKill)).toBe(2);
  expect(io.said.out).toBe('');
  expect(io.said.err).toMatch(/checkpoint-status/);
});

test('help and version are exit 0', async () => {
  for (const words of [[], ['--help'], ['--version'], ['differential-migration', 'migrate', '--help']]) {
    const io = fakeIo();
    expect(await runCommandLine(words, io, noKill)).toBe(0);
    expect(io.said.out).not.toBe('');
  }
});

test('the first Ctrl-C asks for a batch border, the second kills', async () => {
  const io = fakeIo();
  const asked: string[] = [];
  let end = (_: ExecutionResult): void => undefined;
  const executions: Executions = {
    start: async (machine, name, input) => {
      asked.push(`start ${machine} ${JSON.stringify(input)}`);
      return { name };
    },
    wait: () => new Promise((resolve) => (end = resolve)),
    stop: async () => void asked.push('stop'),
  };
  const progress: ProgressSource = { progress: async () => null };
  let killed = 0;
  const running = execute(CATALOGUE_OF_OPERATIONS[0]!, { command: 'x' }, { executions, progress }, io, {
    bar: false,
    kill: () => killed++,
  });
  await new Promise((done) => setImmediate(done));
  io.interrupt();
  expect([asked, killed]).toEqual([['start migration {"command":"x"}', 'stop'], 0]);
  expect(io.said.err).toMatch(/next batch border/);
  io.interrupt();
  expect(killed).toBe(1);
  end({ name: 'n', status: 'ABORTED', output: null, error: 'M013', cause: 'Stopped on request' });
  expect(await running).toMatchObject({ status: 'ABORTED' });
  io.interrupt();
  expect(killed).toBe(1);
});

test('an execution is named by its command and the time in UTC, and never twice alike', () => {
  const at = new Date(Date.UTC(2023, 11, 1, 12, 34, 56));
  const name = executionName({ name: 'migrate' }, at);
  expect(name).toMatch(/^migrate-20231201-123456-[0-9a-f]{6}$/);
  expect(executionName({ name: 'migrate' }, at)).not.toBe(name);
});
