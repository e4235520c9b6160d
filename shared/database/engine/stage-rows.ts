/** The one way by which rows come from the source: at the pace of the run, through buffers of its size, into the stage. */
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import type { Pace } from '../ledger/pace.ts';
import type { Session } from '../session.ts';
import { copyIn } from '../sql/scratch.ts';
import { copyOut, copyOutWithParents, type RowSelection } from '../sql/source.ts';
import { copyRows, type Copied } from './copy-rows.ts';

/** How a run reads. */
export interface Reading {
  /** `--max-rate`; null: as fast as it goes. */
  readonly pace: Pace | null;
  /** `--streaming-mode`: one piece at a time on its way. */
  readonly streaming: boolean;
}

interface Staging {
  readonly source: Session;
  readonly target: Session;
  readonly entity: CompiledEntity;
  readonly reading?: Reading | undefined;
}

export interface StageOptions {
  /** A dry run: one more column for each reference. */
  readonly withParents?: boolean;
  /** Bytes beyond which the rows are too many, where fewer can be asked for. @throws TooWide */
  readonly mostBytes?: number | undefined;
  /** The map's name, where the rows are new and the source derives their keys. */
  readonly deriveFor?: string | undefined;
}

const countOf = (selection: RowSelection): number =>
  'keys' in selection ? selection.keys.length : 'range' in selection ? (selection.limit ?? 0) : 0;

/** Reads the rows into the stage, beside what is there. */
export async function stageRows(
  { source, target, entity, reading }: Staging,
  selection: RowSelection,
  { withParents = false, mostBytes, deriveFor }: StageOptions = {},
): Promise<Copied> {
  const pace = reading?.pace ?? null;
  const booked = countOf(selection);
  await pace?.book(booked);
  const out = withParents ? copyOutWithParents(entity, selection) : copyOut(entity, selection, { deriveFor });
  const copied = await copyRows(
    source,
    out,
    target,
    copyIn(entity, { withParents, derived: deriveFor !== undefined }),
    {
      streaming: reading?.streaming ?? false,
      mostBytes,
    },
  );
  await pace?.correct(copied.rows - booked);
  return copied;
}
