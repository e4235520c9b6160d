/** The command tree, derived from the catalogue: commander reads the words, prints the help, and nothing else. */
import { Command, CommanderError, Option } from 'commander';
import { CATALOGUE_OF_OPERATIONS } from '../shared/operations/catalogue.ts';
import { PROGRAMS, type Flag, type Operation } from '../shared/operations/operation.ts';
import { UsageError, unknownName } from './usage-error.ts';

/** What belongs to this machine and no state machine: the embedded server, the demo. */
export interface OwnCommand {
  readonly words: readonly [string] | readonly [string, string];
  readonly purpose: string;
  readonly flags?: readonly Flag[];
}
const DEMO_FLAGS: readonly Flag[] = [
  { name: 'rows', kind: 'integer', placeholder: 'N', help: 'about so many rows of sample data (20000)' },
  { name: 'seed', kind: 'integer', placeholder: 'N', help: 'another number, other data (1)' },
  { name: 'orphans', kind: 'integer', placeholder: 'N', help: 'so many rows that cannot be migrated (0)' },
];
export const OWN_COMMANDS: readonly OwnCommand[] = [
  { words: ['local', 'start'], purpose: 'start the embedded PostgreSQL and keep it running' },
  { words: ['local', 'stop'], purpose: 'stop it, once no command uses it' },
  { words: ['local', 'env'], purpose: 'print the exports that lead psql and others to it' },
  { words: ['local', 'status'], purpose: 'say whether it runs, and who uses it' },
  { words: ['demo'], purpose: 'the whole story on sample data', flags: DEMO_FLAGS },
];

export const GLOBAL_FLAGS: readonly Flag[] = [
  { name: 'map', kind: 'text', placeholder: 'FILE', help: 'mapping file (PORTAGE_MAP)' },
  {
    name: 'env',
    kind: 'text',
    placeholder: 'NAME',
    contradicts: ['map'],
    help: 'a deployed environment instead of this machine',
  },
  { name: 'json', kind: 'switch', help: 'print exactly one JSON document' },
  { name: 'verbose', kind: 'switch', help: 'log lines on stderr, and the stack trace of an error' },
];

/** Flags of an operation and those of every command; its own wording wins. */
export const flagsOf = (op: Operation): readonly Flag[] => [
  ...op.flags,
  ...GLOBAL_FLAGS.filter((flag) => !op.flags.some((own) => own.name === flag.name)),
];

/** The words of a command line, taken apart. */
export type Words =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'operation'; readonly operation: Operation; readonly seen: readonly SeenFlag[] }
  | { readonly kind: 'own'; readonly words: string; readonly seen: readonly SeenFlag[] };

export interface SeenFlag {
  readonly flag: Flag;
  /** Undefined for a switch. */
  readonly value: string | undefined;
}

/** Reads a command line without its first two words (node and program); throws UsageError. */
export function readWords(argv: readonly string[], version: string): Words {
  const printed: string[] = [];
  let found: Words | undefined;
  const root = tree(version, (words) => (found = words));
  for (const command of everyCommand(root)) {
    command.exitOverride().configureOutput({ writeOut: (text) => printed.push(text), writeErr: () => undefined });
  }
  try {
    root.parse(argv.length === 0 ? ['--help'] : [...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'help', text: printed.join('') };
    throw usageError(error, root, argv);
  }
  return found ?? { kind: 'help', text: root.helpInformation() };
}

function tree(version: string, select: (words: Words) => void): Command {
  const root = new Command('portage')
    .description('Carries a legacy PostgreSQL database into a new one with UUID keys, while both are in use.')
    .version(version);
  for (const [program, purpose] of Object.entries(PROGRAMS)) {
    const operations = CATALOGUE_OF_OPERATIONS.filter((op) => op.program === program);
    if (operations.length === 0) continue;
    // A program of one command is that command.
    const group = operations.some(({ name }) => name === program) ? root : root.command(program).description(purpose);
    for (const operation of operations) {
      leaf(group, operation.name, operation.purpose, flagsOf(operation), (seen) =>
        select({ kind: 'operation', operation, seen }),
      ).addHelpText('after', `\nExamples:\n${operation.examples.map((each) => `  npx portage ${each}`).join('\n')}`);
    }
  }
  const groups = new Map<string, Command>();
  for (const { words, purpose, flags: own = [] } of OWN_COMMANDS) {
    const [first, second] = words;
    let parent = root;
    if (second !== undefined) {
      parent = groups.get(first) ?? root.command(first).description('the embedded PostgreSQL of this machine');
      groups.set(first, parent);
    }
    const flags = [...own, ...GLOBAL_FLAGS.filter(({ name }) => name === 'json' || name === 'verbose')];
    leaf(parent, second ?? first, purpose, flags, (seen) => select({ kind: 'own', words: words.join(' '), seen }));
  }
  return root;
}

/** Flags are noted as they come, so that what was said twice, or against itself, can be told. */
function leaf(
  parent: Command,
  name: string,
  purpose: string,
  flags: readonly Flag[],
  select: (seen: readonly SeenFlag[]) => void,
): Command {
  const seen: SeenFlag[] = [];
  const command = parent.command(name).description(purpose).allowExcessArguments(false);
  for (const flag of flags) {
    const text = flag.kind === 'switch' ? `--${flag.name}` : `--${flag.name} <${flag.placeholder ?? 'VALUE'}>`;
    command.addOption(new Option(text, flag.help));
    command.on(`option:${flag.name}`, (value: unknown) => {
      seen.push({ flag, value: flag.kind === 'switch' ? undefined : String(value) });
    });
  }
  return command.action(() => select(seen));
}

const everyCommand = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(everyCommand)];

/** Commander's complaint in our words, with the nearest valid names. */
function usageError(error: CommanderError, root: Command, argv: readonly string[]): UsageError {
  const at = deepest(root, argv);
  const path = pathOf(at);
  const next = `npx ${path} --help`;
  const typed = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  switch (error.code) {
    case 'commander.unknownOption': {
      const word = typed.split('=')[0] ?? typed;
      return unknownName(
        'flag',
        word,
        at.options.map((option) => option.long ?? ''),
        { where: path, next },
      );
    }
    case 'commander.unknownCommand':
    case 'commander.excessArguments':
      return at.commands.length > 0
        ? unknownName('command', firstStranger(at, argv), namesIn(at), { where: path, next })
        : new UsageError(`${path} takes flags, not words`, {
            got: firstStranger(at, argv),
            where: path,
            next,
          });
    case 'commander.help':
      return new UsageError(`${path}: no command given`, {
        expected: `one of ${namesIn(at).join(', ')}`,
        where: path,
        next,
      });
    default: // a flag without its value
      return new UsageError(error.message.replace(/^error: /, ''), { where: path, next });
  }
}

const namesIn = (command: Command): readonly string[] => command.commands.map((each) => each.name());

/** The command that the words lead to, as far as they lead. */
function deepest(root: Command, argv: readonly string[]): Command {
  let at = root;
  for (const word of argv) {
    const next = at.commands.find((each) => each.name() === word);
    if (next !== undefined) at = next;
  }
  return at;
}

const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

const firstStranger = (at: Command, argv: readonly string[]): string => {
  const known = new Set(pathOf(at).split(' '));
  return argv.find((word) => !word.startsWith('-') && !known.has(word)) ?? '';
};
