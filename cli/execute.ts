/** Runs one operation through the ports: start, wait with a progress bar, and Ctrl-C that ends it at a batch border. */
import { randomBytes } from 'node:crypto';
import { classOf, machineOf, type Operation } from '../shared/operations/operation.ts';
import type { ExecutionResult, Executions, ProgressSource } from '../shared/operations/ports.ts';
import type { Io } from './io.ts';
import { failureLines, toldOf } from './output/failure.ts';
import { foldingIo } from './output/folding-io.ts';
import { showProgress } from './output/progress-bar.ts';

export interface Ports {
  readonly executions: Executions;
  readonly progress: ProgressSource;
}

/** Starts it and waits for its end; a second Ctrl-C calls `kill`. */
export async function execute(
  operation: Operation,
  input: { readonly command: string },
  ports: Ports,
  io: Io,
  options: { readonly bar: boolean; readonly kill: () => void },
): Promise<ExecutionResult> {
  const name = executionName(operation);
  await ports.executions.start(machineOf(operation, input), name, input);
  const hideBar = options.bar ? showProgress(ports.progress, name) : (): void => undefined;
  let asked = false;
  const forget = io.onInterrupt(() => {
    if (asked) {
      options.kill();
      return;
    }
    asked = true;
    hideBar();
    io.err(stopping(operation, input));
    ports.executions.stop(name).catch((error: unknown) => {
      foldingIo(io).err(failureLines(toldOf(error), false, io.paintError));
    });
  });
  try {
    return await ports.executions.wait(name);
  } finally {
    forget();
    hideBar();
  }
}

/** A look commits nothing that could stay. */
const stopping = (operation: Operation, input: { readonly command: string }): string =>
  classOf(operation, input) === 'sample'
    ? '\n'
    : 'Stopping at the next batch border. Once more: at once; what was committed stays.\n';

/** `migrate-20231201-123456-a1b2c3`: unique, readable in the console, within its 80 characters. */
export function executionName(operation: Pick<Operation, 'name'>, now = new Date()): string {
  const [date, time] = now.toISOString().replace(/[-:]/g, '').slice(0, 15).split('T');
  return `${operation.name}-${date ?? ''}-${time ?? ''}-${randomBytes(3).toString('hex')}`;
}
