/** What a rehearsal knows while it goes on: what it is about, what it has cost, and which rows it could not write. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { Reason } from './reason.ts';

/** A row that could not be written, also alone. */
export interface Refused {
  readonly key: string;
  readonly reason: Reason;
}

export interface RefusedRow {
  readonly entity: string;
  readonly legacyId: string;
  readonly code: string;
  readonly reason: string;
}

/** What a rehearsal has cost and found so far. */
export interface RehearsalFacts {
  readonly batches: number;
  readonly walBytes: number;
  readonly deadRows: number;
  readonly longestMs: number;
  readonly sequences: Readonly<Record<string, number>>;
  readonly refused: readonly RefusedRow[];
}

export const NOT_REHEARSED: RehearsalFacts = {
  batches: 0,
  walBytes: 0,
  deadRows: 0,
  longestMs: 0,
  sequences: {},
  refused: [],
};

export interface Rehearsal {
  /** The entity with all that it needs, parents first. */
  readonly entities: readonly CompiledEntity[];
  readonly operationNo: number;
  readonly operationId: string;
  /** Rows that may be written together around one batch. */
  readonly closureRows: number;
  /** A list for reading: more are counted, and not named. */
  readonly mostRefused: number;
  facts: RehearsalFacts;
}

/** Keeps the first rows that were refused, with their reasons. */
export function noteRefused(rehearsal: Rehearsal, entity: string, legacyId: string, reason: Reason): void {
  const { facts } = rehearsal;
  if (facts.refused.length >= rehearsal.mostRefused) return;
  const row = { entity, legacyId, code: reason.code, reason: reason.text };
  rehearsal.facts = { ...facts, refused: [...facts.refused, row] };
}
