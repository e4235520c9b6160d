/** The short commands that look, or note a decision in the ledger. Each is a file of its own in inspect/; here its input is checked and it is called. */
import { inspectLedgerInput, inspectLedgerOutput } from '../../shared/contracts/operation.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { operationOf } from '../../shared/operations/catalogue.ts';
import { failureText } from '../../shared/operations/failure.ts';
import { analyze as analyzeCommand } from '../../shared/operations/differential-migration/analyze.ts';
import { explain as explainCommand } from '../../shared/operations/differential-migration/explain.ts';
import { exportMapping as exportMappingCommand } from '../../shared/operations/differential-migration/export-mapping.ts';
import { init as initCommand } from '../../shared/operations/differential-migration/init.ts';
import { setAside as setAsideCommand } from '../../shared/operations/differential-migration/set-aside.ts';
import { checkpointStatus as checkpointStatusCommand } from '../../shared/operations/migration-analyzer/checkpoint-status.ts';
import { debug as debugCommand } from '../../shared/operations/migration-analyzer/debug.ts';
import { testConnections as testConnectionsCommand } from '../../shared/operations/migration-analyzer/test-connections.ts';
import { validateConfig as validateConfigCommand } from '../../shared/operations/migration-analyzer/validate-config.ts';
import { commandOf, type Operation } from '../../shared/operations/operation.ts';
import { step, type Invocation } from '../step.ts';
import { analyze } from './inspect/analyze.ts';
import { checkpointStatus } from './inspect/checkpoint-status.ts';
import { debug } from './inspect/debug.ts';
import { explain } from './inspect/explain.ts';
import { exportMapping } from './inspect/export-mapping.ts';
import { init } from './inspect/init.ts';
import { setAside } from './inspect/set-aside.ts';
import { testConnections } from './inspect/test-connections.ts';
import { environmentFault, validateConfig } from './inspect/validate-config.ts';

/** A command's logic; its request has passed the schema of its descriptor. */
type Inspection = (request: never, deps: Invocation) => Promise<unknown>;

const INSPECTIONS: ReadonlyMap<string, Inspection> = new Map<string, Inspection>([
  [commandOf(checkpointStatusCommand), checkpointStatus],
  [commandOf(testConnectionsCommand), testConnections],
  [commandOf(validateConfigCommand), validateConfig],
  [commandOf(explainCommand), explain],
  [commandOf(initCommand), init],
  [commandOf(setAsideCommand), setAside],
  [commandOf(exportMappingCommand), exportMapping],
  [commandOf(debugCommand), debug],
  [commandOf(analyzeCommand), analyze],
]);

/** The execution input, `command` with its flags in camelCase, to the answer that its descriptor names. */
export async function inspectLedger(input: { readonly command: string }, deps: Invocation): Promise<unknown> {
  const operation = operationOf(input.command);
  const inspection = INSPECTIONS.get(input.command);
  if (operation === undefined || inspection === undefined) {
    throw new PortageError('SYS002', 'this step knows no such command', {
      got: input.command,
      expected: [...INSPECTIONS.keys()].join(', '),
    });
  }
  return operation.answer.parse(await inspection(requestOf(operation, input), deps));
}

function requestOf(operation: Operation, input: unknown): never {
  const parsed = operation.input.safeParse(input);
  if (parsed.success) return parsed.data as never;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  throw new PortageError('SYS002', `the input of ${commandOf(operation)} is not valid`, {
    got: faults.join('; '),
    where: commandOf(operation),
  });
}

const inspect = step('InspectLedger', { input: inspectLedgerInput, output: inspectLedgerOutput }, inspectLedger);

/** `validate-config` reports what keeps every other step, and so its own, from beginning; told as a step tells its errors. */
export const handler: typeof inspect = async (event, context) => {
  const parsed = inspectLedgerInput.safeParse(event);
  if (parsed.data?.command === commandOf(validateConfigCommand)) {
    const fault = await environmentFault();
    if (fault !== null) throw Object.assign(new Error(failureText(fault), { cause: fault }), { name: fault.code });
  }
  return inspect(event, context);
};
