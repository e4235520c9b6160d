/** Rows of a backup into the staging table of a restore. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { ROW_FIELDS } from '../../domain/backup.ts';
import type { CompiledEntity } from '../../domain/compiled/types.ts';
import { translated } from '../pg-errors.ts';
import type { Session } from '../session.ts';
import { copyInRestored } from '../sql/restore.ts';
import { emptyStage } from '../sql/scratch.ts';
import { copyFields, mostBytes, type FieldForm, type RowText } from './row-text.ts';

/** Which bases of the file mean the same today: servers that hash otherwise, or another key, make them meaningless. */
export interface ComparableBases {
  readonly source: boolean;
  readonly target: boolean;
  readonly columns: boolean;
}

/** A row with its number in the file. */
export interface NumberedRow {
  readonly number: number;
  readonly row: RowText;
}

/** ROW_FIELDS as the stage has them. */
function formsOf({ source, target, columns }: ComparableBases): readonly FieldForm[] {
  const form: Partial<Record<(typeof ROW_FIELDS)[number], FieldForm>> = {
    sourceHash: { omitted: !source },
    targetHash: { omitted: !target },
    sourceColumns: { hex: true, omitted: !(target && columns) },
    targetColumns: { hex: true, omitted: !(target && columns) },
  };
  return ROW_FIELDS.map((field) => form[field] ?? {});
}

/** So many bytes are handed over at a time. */
const CHUNK = 1 << 17;

async function* chunks(
  rows: AsyncIterable<NumberedRow>,
  width: number,
  forms: readonly FieldForm[],
  onRow: (number: number) => void,
): AsyncGenerator<Buffer> {
  let out = Buffer.allocUnsafe(CHUNK);
  let at = 0;
  for await (const { number, row } of rows) {
    if (at + mostBytes(row) > out.length) {
      if (at > 0) yield out.subarray(0, at);
      out = Buffer.allocUnsafe(Math.max(CHUNK, mostBytes(row)));
      at = 0;
    }
    at += out.write(`${number}\t`, at, 'latin1');
    at = copyFields(row, width, forms, out, at);
    at = out.writeUInt8(NEW_LINE, at);
    onRow(number);
  }
  if (at > 0) yield out.subarray(0, at);
}

const NEW_LINE = 10;

/**
 * Empties the stage and fills it with the rows as they come: a row is a view of the block that it stands in, and holds it.
 * @returns the number of the last; null: there was none
 */
export async function stageRows(
  target: Session,
  entity: CompiledEntity,
  rows: AsyncIterable<NumberedRow>,
  comparable: ComparableBases,
): Promise<number | null> {
  await target.run(emptyStage(entity));
  let last: number | null = null;
  try {
    const width = ROW_FIELDS.length + entity.columns.length;
    await pipeline(
      Readable.from(
        chunks(rows, width, formsOf(comparable), (number) => (last = number)),
        { highWaterMark: 1 },
      ),
      target.client.query(copyFrom(copyInRestored(entity))),
    );
    return last;
  } catch (error) {
    throw translated(error, 'target');
  }
}
