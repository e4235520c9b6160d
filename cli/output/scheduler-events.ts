/** What the scheduler of this machine says while it runs: a line each, for a person or as JSON. */
import * as z from 'zod';
import type { Failure } from '../../shared/operations/failure.ts';
import type { RestartSchedulerAnswer } from '../../shared/operations/sync-scheduler/restart-scheduler.ts';
import type { Io } from '../io.ts';
import { failureJson, failureLines, told } from './failure.ts';
import { foldingIo } from './folding-io.ts';
import { statusText } from './jobs.ts';
import { restartText } from './scheduler.ts';
import { number } from './table.ts';

export type SchedulerEvent =
  | { readonly event: 'schedules'; readonly answer: RestartSchedulerAnswer }
  | { readonly event: 'started'; readonly jobs: readonly { readonly job: string; readonly nextRunAt: string }[] }
  | { readonly event: 'run_started'; readonly job: string; readonly scheduledTime: string; readonly missed: number }
  | { readonly event: 'run_ended'; readonly job: string; readonly scheduledTime: string; readonly answer: unknown }
  | { readonly event: 'run_failed'; readonly job: string; readonly scheduledTime: string; readonly failure: Failure }
  | { readonly event: 'trouble'; readonly failure: Failure }
  | { readonly event: 'stopping'; readonly running: number }
  | { readonly event: 'stopped' };

/** Says each event as it comes. */
export const schedulerTeller =
  (io: Io, json: boolean, verbose: boolean): ((event: SchedulerEvent) => void) =>
  (event) => {
    if (json) io.out(`${JSON.stringify({ time: new Date().toISOString(), ...jsonOf(event, verbose) })}\n`);
    else foldingIo(io).out(textOf(event, io, verbose));
  };

const jsonOf = (event: SchedulerEvent, verbose: boolean): object =>
  'failure' in event
    ? { ...event, failure: undefined, ...(failureJson(told(event.failure), verbose) as object) }
    : event;

const clock = (): string => new Date().toISOString().slice(11, 19);

/** What is told of a run, of the answer of its machine. */
const runAnswer = z.looseObject({
  status: z.string(),
  operationId: z.string().nullish(),
  entities: z
    .record(z.string(), z.looseObject({ read: z.number(), inserted: z.number(), updated: z.number() }))
    .nullish(),
});

function textOf(event: SchedulerEvent, io: Io, verbose: boolean): string {
  const at = (text: string): string => `${io.paint('dim', clock())}  ${text}\n`;
  switch (event.event) {
    case 'schedules': {
      const { created, corrected, removed, unreadable } = event.answer;
      const quiet = created.length + corrected.length + removed.length + unreadable.length === 0;
      return quiet ? '' : restartText(event.answer, io.paint);
    }
    case 'started':
      return event.jobs.length === 0
        ? 'No job fires yet: npx portage sync-scheduler create-job. Ctrl-C ends.\n'
        : `${event.jobs.map(({ job, nextRunAt }) => `${job}: next at ${nextRunAt.slice(0, 16).replace('T', ' ')} UTC\n`).join('')}Ctrl-C ends.\n`;
    case 'run_started':
      return at(
        `${event.job} begins${event.missed === 0 ? '' : `, ${number(event.missed)} earlier times were missed`}`,
      );
    case 'run_ended':
      return at(`${event.job} ${endOf(event.answer, io)}`);
    case 'run_failed':
    case 'trouble':
      return `${at(`${'job' in event ? event.job : 'The schedules'} failed`)}${failureLines(told(event.failure), verbose, io.paint)}`;
    case 'stopping':
      return event.running === 0 ? '' : 'Runs in progress end at their next batch border. Once more: at once.\n';
    case 'stopped':
      return 'The scheduler has ended; no job of this machine fires.\n';
  }
}

function endOf(answer: unknown, io: Io): string {
  const parsed = runAnswer.safeParse(answer);
  if (!parsed.success) return 'ended';
  const { status, operationId, entities } = parsed.data;
  const all = Object.values(entities ?? {});
  const sum = (of: (each: (typeof all)[number]) => number): string =>
    number(all.reduce((total, each) => total + of(each), 0));
  const rows =
    all.length === 0
      ? ''
      : `: ${sum((each) => each.read)} read, ${sum((each) => each.inserted + each.updated)} written`;
  return `${statusText(status, io.paint)}${rows}${operationId === null || operationId === undefined ? '' : ` (${operationId})`}`;
}
