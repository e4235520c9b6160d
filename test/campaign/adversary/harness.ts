// Two databases that agree, an adversary who plants one fault at a time, and the verifier that must not say match.
import { expect } from '@jest/globals';
import pg from 'pg';
import type { JudgeOutput } from '../../../shared/contracts/validation.ts';
import type { Failure } from '../../../shared/operations/failure.ts';
import { portage, type Around, type Portage } from '../../support/portage.ts';
import type { Fault } from './fault.ts';
import { ADVERSARY_SOURCE, ADVERSARY_TARGET, adversaryMap, SOURCE_TABLES, TARGET_TABLES } from './schema.ts';

export interface Verdict {
  readonly answer: JudgeOutput | null;
  readonly failure: Failure | null;
}

export interface Adversary {
  readonly p: Portage;
  validate(
    entities: 'all' | readonly string[],
    states?: Readonly<Record<string, Around>>,
    more?: Record<string, unknown>,
  ): Promise<Verdict>;
  /** Plants the fault for as long as the work takes. */
  planted<T>(fault: Pick<Fault, 'source' | 'target'>, work: () => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

export async function adversary(): Promise<Adversary> {
  const p = await portage(ADVERSARY_SOURCE, ADVERSARY_TARGET, adversaryMap);
  const migrated = await p.migrate();
  expect(migrated.output?.status).toBe('completed');
  const kept = (tables: readonly string[]): string =>
    `CREATE SCHEMA kept; ${tables.map((table) => `CREATE TABLE kept.${table} AS TABLE public.${table}`).join('; ')}`;
  await p.run('source', kept(SOURCE_TABLES));
  await p.run('target', `${kept(TARGET_TABLES)}; CREATE TABLE kept.mappings AS TABLE portage.uuid_mappings`);
  const put = (tables: readonly string[]): string =>
    tables.map((table) => `TRUNCATE public.${table}; INSERT INTO public.${table} TABLE kept.${table}`).join('; ');
  const back = async (fault: Pick<Fault, 'source' | 'target'>): Promise<void> => {
    if (fault.source !== undefined) await p.run('source', put(SOURCE_TABLES));
    if (fault.target !== undefined)
      await p.run(
        'target',
        `${put(TARGET_TABLES)}; DELETE FROM portage.uuid_mappings; INSERT INTO portage.uuid_mappings TABLE kept.mappings`,
      );
  };
  return {
    p,
    async validate(entities, states = {}, more = {}) {
      const input = { command: 'data-validator validate', entities, verbose: true, ...more };
      const { output, failure } = await p.commandAround(states, input);
      return { answer: output as JudgeOutput | null, failure };
    },
    async planted(fault, work) {
      if (fault.source !== undefined) await p.run('source', fault.source);
      if (fault.target !== undefined) await p.run('target', fault.target);
      try {
        return await work();
      } finally {
        await back(fault);
      }
    },
    end: () => p.end(),
  };
}

/** What was found, one text each: `30 value t`. Findings beside the rows are mappings. */
export const foundIn = ({ answer }: Verdict): readonly string[] => [
  ...(answer?.differences ?? []).flatMap(({ legacyId, kind, columns }) =>
    columns.length === 0
      ? [`${legacyId} ${kind}`]
      : [`${legacyId} ${kind}`, ...columns.map((column) => `${legacyId} ${kind} ${column}`)],
  ),
  ...(answer?.findings ?? []).map(({ legacyId }) => `${legacyId ?? ''} mapping`),
];

/** Nothing that was planted may pass for a match: what was found may be wrong in the eyes of the gate, or be a finding beside the rows. */
export const passes = ({ answer }: Verdict): boolean => answer?.verdict === 'match' && answer.findings.length === 0;

type Query = (...args: unknown[]) => unknown;

/** Rewrites every statement of the verifier's sessions for as long as the work takes: a verifier that is broken on purpose. */
export async function tampered<T>(rewrite: (sql: string) => string, work: () => Promise<T>): Promise<T> {
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const { query } = prototype;
  prototype.query = function tamper(this: unknown, ...[first, ...rest]: unknown[]): unknown {
    return query.call(this, typeof first === 'string' ? rewrite(first) : first, ...rest);
  };
  try {
    return await work();
  } finally {
    prototype.query = query;
  }
}
