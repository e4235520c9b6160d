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
}

/**
 * Pipes `outSql` (COPY ... TO STDOUT) of one session into `inSql` (COPY ... FROM STDIN) of the other.
 * @throws DataError when an expression fails on a row: nothing is staged then.
 */
export async function copyRows(source: Session, outSql: string, target: Session, inSql: string): Promise<Copied> {
  const started = performance.now();
  let bytes = 0;
  let sourceError: unknown = null;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const into = target.client.query(copyFrom(inSql));
  const out = source.client.query(copyTo(outSql));
  out.once('error', (error: unknown) => {
    sourceError = error;
  });
  try {
    await pipeline(out, meter, into);
  } catch (error) {
    throw sourceError === null ? translated(error, 'target') : translated(sourceError, 'source');
  }
  return { rows: into.rowCount, bytes, ms: Math.round(performance.now() - started) };
}
