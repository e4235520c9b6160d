/** docs/error-codes.md, made from the error catalogue, so that the page cannot say anything else than the program. */
import { CATALOGUE, ERROR_CODES, type ErrorCode } from '../../shared/domain/errors.ts';
import { CATALOGUE_OF_OPERATIONS } from '../../shared/operations/catalogue.ts';
import { commandOf, PROGRAMS } from '../../shared/operations/operation.ts';

/** What the codes of a prefix are about, in the order of the page. */
const GROUPS: Readonly<Record<string, string>> = {
  M: 'Migration',
  S: 'Synchronization jobs',
  V: 'Validation',
  SYS: 'System',
};

const INTRODUCTION = `<!-- Made by \`npm run docs\` from shared/domain/errors.ts. Change that file, not this one. -->
# Error codes

A failure prints its code and title, what was got and what was expected, where, and what to do next:

\`\`\`text
M005 Resume operation failed: there is no checkpoint of loans
  got       no checkpoint
  expected  an interrupted migration
  where     loans
  next      Start a new run with: portage differential-migration migrate --entities NAME
\`\`\`

With \`--json\` the same is one document, \`{"error": {"code", "message", "detail", "next"}}\`. In the AWS console the code is
the error of the execution. Commands are shown as after \`npx\`.

Exit status: **0** done and nothing wrong, **1** it ran and found something wrong, **2** usage or configuration, nothing was
done, **3** it could not finish. A wrong command line is exit 2 without a code. *Retried* means that the state machine tries
again by itself, with growing pauses, before the code reaches you.`;

/** The whole page. */
export function errorCodesPage(): string {
  const groups = Object.entries(GROUPS).map(([prefix, title]) => {
    const codes = ERROR_CODES.filter((code) => code.replace(/\d+$/, '') === prefix);
    return `## ${title}\n| code | | exit | retried | what to do |\n| --- | --- | --- | --- | --- |\n${codes.map(row).join('\n')}`;
  });
  const note = groups.some((group) => group.includes(TO_COME)) ? ['¹ This command is not there yet.'] : [];
  return `${[INTRODUCTION, ...groups, ...note].join('\n\n')}\n`;
}

function row(code: ErrorCode): string {
  const { title, exit, retry, next } = CATALOGUE[code];
  return `| ${code} | ${title} | ${exit} | ${retry === 'transient' ? 'yes' : 'no'} | ${marked(next)} |`;
}

const TO_COME = '¹';
const COMMAND = new RegExp(`portage ((?:${Object.keys(PROGRAMS).join('|')}) [a-z][a-z-]*)( -[^.,;]*[^.,; ])?`, 'g');

/** Commands as code; one that the catalogue of operations lacks has a mark. */
function marked(next: string): string {
  const known = new Set(CATALOGUE_OF_OPERATIONS.map(commandOf));
  return next.replace(COMMAND, (text, command: string) => `\`${text}\`${known.has(command) ? '' : TO_COME}`);
}
