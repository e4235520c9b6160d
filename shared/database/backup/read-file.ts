/**
 * Reads a backup: whole, to prove it before anything is written (`verifyBackup`), and later the rows of an entity from any
 * block on (`readRows`). Every byte counts: what is not exactly as it was written is refused, with the place.
 */
import { createHash } from 'node:crypto';
import type { BackupHeader, BackupTotals } from '../../domain/backup.ts';
import type { BlockCipher } from './cipher.ts';
import { eventsOf, type Opening, type Place } from './events.ts';
import type { Form } from './form.ts';
import { formOf } from './form.ts';
import { Damaged, piecesOf, type BackupBytes } from './pieces.ts';
import { rowsIn, type RowText } from './row-text.ts';
import { headerIn, refused, Structure, told, type ReadOptions } from './structure.ts';
import { lastBytes } from './write-file.ts';

export interface VerifiedEntity {
  readonly entity: string;
  readonly rows: number;
  readonly places: readonly Place[];
}

export interface Verified {
  readonly header: BackupHeader;
  readonly sha256: string;
  readonly totals: BackupTotals;
  readonly entities: readonly VerifiedEntity[];
}

/** @throws PortageError M020 for a name of neither form */
export function formOfFile(file: BackupBytes): Form {
  const form = formOf(file.name);
  if (form === null) throw refused(file, 'a name that ends otherwise than .json and .ndjson.gz');
  return form;
}

/** What the lines before the rows say, and no more: whether the file is worth to be verified. */
export async function readHeader(file: BackupBytes, options: ReadOptions): Promise<BackupHeader> {
  const form = formOfFile(file);
  try {
    const opening = { sealed: 0, cipher: null };
    for await (const piece of piecesOf(form.compressed, file, 0, file.size)) {
      for await (const event of eventsOf(form, piece, opening)) {
        const header = headerIn(file, event, options);
        if (header !== null) return header;
        if (event.kind === 'rows' || (event.mark.kind !== 'version' && event.mark.kind !== 'header')) break;
      }
      break;
    }
    throw new Damaged('no header');
  } catch (error) {
    throw told(file, error, 'at its beginning');
  }
}

/**
 * Reads every byte, and proves that the file is as it was written.
 * @param onRows called with rows that were read
 * @throws PortageError M020 with the reason and the place
 */
export async function verifyBackup(
  file: BackupBytes,
  options: ReadOptions,
  onRows: (rows: number) => Promise<void> = () => Promise.resolve(),
): Promise<Verified> {
  const form = formOfFile(file);
  const lastLength = lastBytes(form, '0'.repeat(64)).length;
  if (file.size <= lastLength) throw refused(file, 'cut short: there is hardly anything in it');
  const whole = createHash('sha256');
  const state = new Structure(file, options);
  let at = 0;
  try {
    const opening: Opening = { sealed: 0, cipher: null };
    for await (const piece of piecesOf(form.compressed, file, 0, file.size - lastLength, (chunk) =>
      whole.update(chunk),
    )) {
      at = piece.offset;
      let rows = 0;
      for await (const event of eventsOf(form, piece, opening)) {
        rows += state.take(event);
        opening.cipher = state.cipher;
      }
      if (rows > 0) await onRows(rows);
    }
    state.finish();
  } catch (error) {
    const ended = error instanceof Damaged && !(await endsWell(file, form, lastLength));
    if (ended)
      throw refused(file, 'cut short or damaged: its end is missing', `after ${at} bytes ${state.where}`.trim());
    throw told(file, error, `around byte ${at}${state.where}`);
  }
  const sha256 = whole.digest('hex');
  if (!(await bytesOf(file, file.size - lastLength, file.size)).equals(lastBytes(form, sha256)))
    throw refused(file, 'damaged: its bytes do not match its checksum');
  return { header: state.known(), sha256, totals: state.totals(), entities: state.entities };
}

async function bytesOf(file: BackupBytes, from: number, to: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of file.read(from, to)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Whether the end of the file looks like one, whatever the checksum in it. */
async function endsWell(file: BackupBytes, form: Form, length: number): Promise<boolean> {
  const model = lastBytes(form, '0'.repeat(64)).toString('latin1');
  const end = (await bytesOf(file, file.size - length, file.size)).toString('latin1');
  const zeros = model.indexOf('0'.repeat(64));
  return end.slice(0, zeros).slice(-10) === model.slice(0, zeros).slice(-10) && /^[0-9a-f]{64}/.test(end.slice(zeros));
}

/**
 * Rows of an entity from a place on, run by run, until its end. The file was verified before.
 * @throws PortageError M020 where it is not what was verified
 */
export async function* readRows(
  file: BackupBytes,
  cipher: BlockCipher | null,
  place: Place,
): AsyncGenerator<Iterable<RowText>> {
  const form = formOfFile(file);
  const opening: Opening = { sealed: place.sealed, cipher };
  try {
    for await (const piece of piecesOf(form.compressed, file, place.offset, file.size)) {
      for await (const event of eventsOf(form, piece, opening)) {
        if (event.kind === 'mark') return;
        yield rowsIn(event.lines);
      }
    }
  } catch (error) {
    throw told(file, error, `around byte ${place.offset}`);
  }
}
