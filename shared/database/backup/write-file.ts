/**
 * Writes a backup line by line into whatever takes bytes: a file, or the parts of an upload. Memory is some blocks,
 * whatever the size: a block is begun when one before it has been taken.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { BackupHeader, BackupTotals } from '../../domain/backup.ts';
import { PortageError } from '../../domain/errors.ts';
import type { BlockCipher } from './cipher.ts';
import type { EntityEnd, Form } from './form.ts';
import { gzipMember, storedMember } from './gzip.ts';
import { inBlocks } from './lines.ts';

/** Takes the bytes of the file in order. */
export type Take = (bytes: Buffer) => Promise<void>;

export interface Written {
  readonly sha256: string;
  readonly bytes: number;
  readonly totals: BackupTotals;
}

export interface FileWriter {
  head(header: BackupHeader): Promise<void>;
  /**
   * @param rows as COPY gives them, each a JSON array on a line of its own, after the form's comma
   * @param cipher null where the rows stand as they are
   * @param onRows called with the rows that were taken, block by block
   */
  entity(
    name: string,
    rows: AsyncIterable<Buffer>,
    cipher: BlockCipher | null,
    onRows: (rows: number) => Promise<void>,
  ): Promise<EntityEnd>;
  finish(): Promise<Written>;
}

/** Blocks that are compressed side by side: as many as there are cores on small hardware, and one more to be filled. */
const AHEAD = 3;

export function fileWriter(form: Form, take: Take): FileWriter {
  const whole = createHash('sha256');
  const packed: Promise<Buffer>[] = [];
  const entities = new Map<string, EntityEnd>();
  let bytes = 0;
  let blocks = 0;
  const takeNext = async (): Promise<void> => {
    const next = await packed.shift();
    if (next === undefined) return;
    whole.update(next);
    bytes += next.length;
    await take(next);
  };
  const put = async (plain: Buffer): Promise<void> => {
    const next = form.compressed ? gzipMember(plain) : Promise.resolve(plain);
    // Told when its turn comes.
    next.catch(() => undefined);
    packed.push(next);
    if (packed.length >= AHEAD) await takeNext();
  };
  const text = (line: string): Promise<void> => put(Buffer.from(line));
  return {
    head: (header) => text(form.head(header)),
    async entity(name, rows, cipher, onRows) {
      await text(form.begin(name, entities.size === 0));
      const hash = createHash('sha256');
      let count = 0;
      let first = true;
      for await (const lines of inBlocks(rows)) {
        // A database without an encoding gives bytes that nobody could read again.
        if (!isUtf8(lines.bytes))
          throw new PortageError('SYS007', `rows of ${name} hold bytes that are no UTF-8`, { where: name });
        const comma = first ? '' : form.comma;
        const own = first ? lines.bytes.subarray(form.comma.length) : lines.bytes;
        const block = cipher === null ? own : Buffer.from(`${comma}"${await cipher.seal(++blocks, lines.bytes)}"\n`);
        hash.update(block);
        await put(block);
        count += lines.count;
        first = false;
        await onRows(lines.count);
      }
      const end = { rows: count, sha256: hash.digest('hex') };
      entities.set(name, end);
      await text(form.end(end));
      return end;
    },
    async finish() {
      const rows = [...entities.values()].reduce((sum, end) => sum + end.rows, 0);
      const totals = { rows, entities: Object.fromEntries(entities) };
      await text(form.totals(totals));
      while (packed.length > 0) await takeNext();
      const sha256 = whole.digest('hex');
      const last = lastBytes(form, sha256);
      await take(last);
      return { sha256, bytes: bytes + last.length, totals };
    },
  };
}

/** The end of the file, which follows from all that stands before it. */
export function lastBytes(form: Form, sha256: string): Buffer {
  const line = Buffer.from(form.last(sha256));
  return form.compressed ? storedMember(line) : line;
}
