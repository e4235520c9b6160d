/** Rows from the source straight into the target's staging table: one COPY into the other, nothing parsed, memory flat. */
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { translated } from '../pg-errors.ts';
import type { Session } from '../session.ts';

export interface Copied {
  readonly rows: number;
  readonly bytes: number;
  readonly ms: number;
  /** The most that stood in buffers of this process at a time. */
  readonly bufferedBytes: number;
}

export interface CopyOptions {
  /** One piece at a time on its way, instead of as many as node keeps in its buffers. */
  readonly streaming?: boolean;
  /** Beyond this the rows are dropped, and the copy ends with TooWide: nothing is staged. */
  readonly mostBytes?: number | undefined;
}

/** The rows that were asked for weigh more than a batch may by far. Not an error of theirs: fewer of them fit. */
export class TooWide extends Error {}

/** A buffer that is full with its first piece: nothing is asked for before that piece is on its way. */
const ONE_PIECE = { highWaterMark: 1 };

/**
 * Pipes `outSql` (COPY ... TO STDOUT) of one session into `inSql` (COPY ... FROM STDIN) of the other.
 * @throws DataError when an expression fails on a row, TooWide when the rows are too many: nothing is staged then.
 */
export async function copyRows(
  source: Session,
  outSql: string,
  target: Session,
  inSql: string,
  { streaming = false, mostBytes = Infinity }: CopyOptions = {},
): Promise<Copied> {
  const started = performance.now();
  let bytes = 0;
  let bufferedBytes = 0;
  let sourceError: unknown = null;
  const buffers = streaming ? ONE_PIECE : {};
  const meter = new Transform({
    ...buffers,
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      bufferedBytes = Math.max(
        bufferedBytes,
        out.readableLength + meter.writableLength + meter.readableLength + into.writableLength,
      );
      // The source cannot be stopped in the middle of a COPY without losing the session: the rest is read, and let go.
      if (bytes > mostBytes) done();
      else done(null, chunk);
    },
    flush(done) {
      done(bytes > mostBytes ? new TooWide(`${bytes} bytes`) : null);
    },
  });
  const into = target.client.query(copyFrom(inSql, buffers));
  const out = source.client.query(copyTo(outSql, buffers));
  out.once('error', (error: unknown) => {
    sourceError = error;
  });
  try {
    await pipeline(out, meter, into);
  } catch (error) {
    if (bytes > mostBytes && sourceError === null) throw new TooWide(`${bytes} bytes`, { cause: error });
    throw sourceError === null ? translated(error, 'target') : translated(sourceError, 'source');
  }
  return { rows: into.rowCount, bytes, ms: Math.round(performance.now() - started), bufferedBytes };
}
