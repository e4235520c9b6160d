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
import type { KeptRow } from './events.ts';

/** Which bases of the file mean the same today: servers that hash otherwise, or another key, make them meaningless. */
export interface ComparableBases {
  readonly source: boolean;
  readonly target: boolean;
  readonly columns: boolean;
}

/** A row with its number in the file. */
export interface NumberedRow {
  readonly number: number;
  readonly row: KeptRow;
}

const SPECIAL = /[\\\n\r\t]/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const field = (text: string | null): string => {
  if (text === null) return '\\N';
  return SPECIAL.test(text) ? text.replace(/[\\\n\r\t]/g, (special) => ESCAPES[special] ?? '') : text;
};

const bytes = (hex: string | null): string | null => (hex === null ? null : `\\x${hex}`);

/** ROW_FIELDS as the stage has them. */
function lineOf({ number, row }: NumberedRow, comparable: ComparableBases): string {
  const [key, target, origin, closed, sourceHash, targetHash, sourceColumns, targetColumns, waiting] = row;
  const hashes = comparable.target;
  const columns = hashes && comparable.columns;
  const fields = [
    key ?? null,
    target ?? null,
    origin ?? null,
    closed ?? null,
    comparable.source ? (sourceHash ?? null) : null,
    hashes ? (targetHash ?? null) : null,
    columns ? bytes(sourceColumns ?? null) : null,
    columns ? bytes(targetColumns ?? null) : null,
    waiting ?? null,
  ];
  return `${number}\t${[...fields, ...row.slice(ROW_FIELDS.length)].map(field).join('\t')}\n`;
}

/** So many characters are handed over at a time. */
const CHUNK = 1 << 17;

function* chunks(rows: readonly NumberedRow[], comparable: ComparableBases): Generator<string> {
  let text = '';
  for (const row of rows) {
    text += lineOf(row, comparable);
    if (text.length < CHUNK) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

/** Empties the stage and fills it with the rows. */
export async function stageRows(
  target: Session,
  entity: CompiledEntity,
  rows: readonly NumberedRow[],
  comparable: ComparableBases,
): Promise<void> {
  await target.run(emptyStage(entity));
  try {
    await pipeline(Readable.from(chunks(rows, comparable)), target.client.query(copyFrom(copyInRestored(entity))));
  } catch (error) {
    throw translated(error, 'target');
  }
}
