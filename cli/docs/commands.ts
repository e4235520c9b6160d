/** docs/commands.md, made from the catalogue of operations: the same words as the help, on one page to search and to print. */
import { CATALOGUE_OF_OPERATIONS } from '../../shared/operations/catalogue.ts';
import {
  classOf,
  commandOf,
  isLong,
  PROGRAMS,
  type Flag,
  type Operation,
  type Program,
} from '../../shared/operations/operation.ts';
import { GLOBAL_FLAGS, OWN_COMMANDS } from '../program.ts';

const INTRODUCTION = `<!-- Made by \`npm run docs\` from shared/operations. Change those files, not this one. -->
# Commands

A command is written \`npx portage PROGRAM COMMAND --flags\`. With \`--env NAME\` the same command runs in a deployed environment,
and in the AWS console it is the input of an execution: \`{"command": "PROGRAM COMMAND"}\` with the flags in camelCase.
\`npx portage PROGRAM COMMAND --help\` prints what stands here.

Exit status of each command: **0** done and nothing wrong, **1** it found something (said below where a command can), **2** wrong
usage or configuration, nothing was done, **3** it could not finish. A failure prints its [code](error-codes.md) and what to do.

Commands marked *long* touch rows in batches: they show progress on a terminal, end at a batch border on Ctrl-C, and have
state machines of their own. The others run as one step.`;

/** The whole page. */
export function commandsPage(): string {
  const programs = (Object.keys(PROGRAMS) as Program[]).map((program) => ({
    program,
    operations: CATALOGUE_OF_OPERATIONS.filter((operation) => operation.program === program),
  }));
  const table = programs.flatMap(({ operations }) => operations.map(contents));
  return `${[
    INTRODUCTION,
    `## All of them\n| command | |\n| --- | --- |\n${[...table, ...OWN_COMMANDS.map((own) => `| \`${own.words.join(' ')}\` | ${cell(own.purpose)} |`)].join('\n')}`,
    `## Flags of every command\n${flagTable(GLOBAL_FLAGS)}`,
    ...programs.map(programSection),
    `## On this machine\nThe embedded server and the sample data; these take \`--json\` and \`--verbose\` too.\n\n${OWN_COMMANDS.map(ownSection).join('\n\n')}`,
  ].join('\n\n')}\n`;
}

function programSection({ program, operations }: { program: Program; operations: readonly Operation[] }): string {
  const [only] = operations;
  // A program of one command is that command.
  if (only?.name === program) return section(only, '##');
  return `## ${program}\nTo ${PROGRAMS[program]}.\n\n${operations.map((each) => section(each, '###')).join('\n\n')}`;
}

const contents = (operation: Operation): string =>
  `| [\`${commandOf(operation)}\`](#${anchorOf(operation.name, operation.program)}) | ${cell(operation.purpose)} |`;

/** As GitHub makes them of a heading: a word that two programs share gets the program before it. */
const isShared = (name: string): boolean => CATALOGUE_OF_OPERATIONS.filter((other) => other.name === name).length > 1;
const headingOf = (name: string, program: Program): string => (isShared(name) ? `${program} ${name}` : name);
const anchorOf = (name: string, program: Program): string => headingOf(name, program).replaceAll(' ', '-');

function section(operation: Operation, level: '##' | '###'): string {
  const { name, program, purpose, flags, examples, finds } = operation;
  return [
    `${level} ${headingOf(name, program)}`,
    `${purpose}${isLong(classOf(operation)) ? ' *Long.*' : ''}${finds === undefined ? '' : ` Exit 1: ${finds}.`}`,
    '',
    ...(flags.length === 0 ? [] : [flagTable(flags), '']),
    '```bash no-run',
    ...examples.map((example) => `npx portage ${example}`),
    '```',
  ].join('\n');
}

function ownSection({ words, purpose, flags }: (typeof OWN_COMMANDS)[number]): string {
  const table = flags === undefined ? '' : `\n\n${flagTable(flags)}`;
  return `### ${words.join(' ')}\n\`npx portage ${words.join(' ')}\`: ${purpose}.${table}`;
}

const flagTable = (flags: readonly Flag[]): string =>
  ['| flag | |', '| --- | --- |', ...flags.map((flag) => `| \`${written(flag)}\` | ${cell(flag.help)} |`)].join('\n');

const written = ({ name, kind, placeholder }: Flag): string =>
  (kind === 'switch' ? `--${name}` : `--${name} ${placeholder ?? 'VALUE'}`).replaceAll('|', '\\|');

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
