/** Whether the application may be switched, check by check, and what is to be done first. */
import type { JudgeOutput } from '../../shared/contracts/validation.ts';
import type { Paint } from '../io.ts';
import { checkLines } from './checks.ts';

const TITLE = {
  ready: ['green', 'Ready: the application may be switched to the target.'],
  not_ready: ['red', 'Not ready.'],
  unknown: ['red', 'Not ready: something could not be looked at.'],
} as const;

export function cutOverText({ operationId, cutOver, output }: JudgeOutput, paint: Paint): string {
  if (cutOver === undefined) return '';
  const [colour, title] = TITLE[cutOver.verdict];
  return [
    `${paint('bold', paint(colour, title))} ${operationId}\n\n`,
    checkLines(cutOver.checks, paint),
    ...(output === undefined ? [] : [`\nThe report is in ${output}\n`]),
  ].join('');
}
