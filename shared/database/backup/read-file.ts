/**
 * Reads a backup: whole, to prove it before anything is written (`verifyBackup`), and later the rows of an entity from any
 * block on (`readRows`). Every byte counts: what is not exactly as it was written is refused, with the place.
 */
import { isUtf8 } from 'node:buffer';
import { createHash, type Hash } from 'node:crypto';
import type { BackupHeader, BackupTotals } from '../../domain/backup.ts';
import { BACKUP_VERSION, ROW_FIELDS } from '../../domain/backup.ts';
import { PortageError } from '../../domain/errors.ts';
import { blockCipher, isKeyOf, type BlockCipher } from './cipher.ts';
import type { Form, Mark } from './form.ts';
import { formOf } from './form.ts';
import { linesOf } from './lines.ts';
import { Damaged, piecesOf, type BackupBytes, type Piece } from './pieces.ts';
import { lastBytes } from './write-file.ts';

/** ROW_FIELDS, then the columns. */
export type KeptRow = readonly (string | null)[];

/** Where reading may begin. */
export interface Place {
  readonly offset: number;
  /** Rows of the entity before it. */
  readonly row: number;
  /** Encrypted blocks of the file before it. */
  readonly sealed: number;
}

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

export interface ReadOptions {
  /** The secret of encrypted rows; null: none is configured. */
  readonly secret: string | null;
  /** Checks the shape of the header. */
  readonly headerOf: (value: unknown) => BackupHeader | null;
}

export const refused = (file: BackupBytes, got: string, where?: string, next?: string): PortageError =>
  new PortageError('M020', 'the backup is not used, and nothing was written', {
    got,
    where: where === undefined ? file.name : `${file.name}, ${where}`,
    expected: 'a backup as create-full-backup wrote it',
    ...(next === undefined ? {} : { next }),
  });

/** @throws PortageError M020 for a name of neither form */
export function formOfFile(file: BackupBytes): Form {
  const form = formOf(file.name);
  if (form === null) throw refused(file, 'a name that ends otherwise than .json and .ndjson.gz');
  return form;
}

interface Rows {
  readonly kind: 'rows';
  readonly rows: readonly string[];
  /** As they stand in the file. */
  readonly bytes: Buffer;
  readonly place: Pick<Place, 'offset' | 'sealed'>;
  /** Where the piece begins that they are in. */
  readonly piece: number;
}
type Event = { readonly kind: 'mark'; readonly mark: Mark } | Rows;

/** Opens the blocks of encrypted rows in their order. */
interface Opening {
  sealed: number;
  cipher: BlockCipher | null;
}

/** Lines of a piece as events: marks one by one, rows as many as follow each other, or those of an encrypted block. */
async function* eventsOf(form: Form, { offset, plain }: Piece, opening: Opening): AsyncGenerator<Event> {
  if (!isUtf8(plain)) throw new Damaged('bytes that are no text');
  let run: string[] = [];
  let from = 0;
  const event = (rows: readonly string[], to: number, sealed: number): Event => ({
    kind: 'rows',
    rows,
    bytes: plain.subarray(from, to),
    // A compressed piece can only be begun where it begins; it holds rows and nothing else.
    place: { offset: form.compressed ? offset : offset + from, sealed },
    piece: offset,
  });
  for (const { at, bytes, text } of linesOf(plain)) {
    const row = /^,["[]./.test(text) ? text.slice(1) : text;
    if (row.startsWith('[')) {
      if (run.length === 0) from = at;
      run.push(row);
      continue;
    }
    if (run.length > 0) yield event(run, at, opening.sealed);
    run = [];
    if (row.startsWith('"') && row.endsWith('"')) {
      from = at;
      const { sealed } = opening;
      yield event(await opened(row, opening), at + bytes.length, sealed);
      continue;
    }
    const mark = form.read(text);
    if (mark === null) throw new Damaged('a line that is none of a backup');
    yield { kind: 'mark', mark };
  }
  if (run.length > 0) yield event(run, plain.length, opening.sealed);
}

async function opened(line: string, opening: Opening): Promise<readonly string[]> {
  const rows = await opening.cipher?.open(++opening.sealed, line.slice(1, -1));
  if (!rows) throw new Damaged('an encrypted block does not open');
  return [...linesOf(rows)].map(({ text }) => text.replace(/^,/, ''));
}

function rowOf(text: string, width: number): KeptRow {
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    throw new Damaged('a row that is no JSON');
  }
  if (!Array.isArray(row) || row.length !== width || !row.every((value) => value === null || typeof value === 'string'))
    throw new Damaged(`a row that is no list of ${width} texts`);
  const [key, , origin] = row as KeptRow;
  if (key === null || !['i', 'a', 'r'].includes(origin ?? '')) throw new Damaged('a row without its mapping');
  return row as KeptRow;
}

const isEnd = (value: unknown): value is { rows: number; sha256: string } =>
  typeof value === 'object' && value !== null && 'rows' in value && 'sha256' in value;

const STALE_VERSION = (file: BackupBytes, version: number): PortageError =>
  refused(
    file,
    `version ${version} of the format; this program reads up to ${BACKUP_VERSION}`,
    undefined,
    'Restore with the version of Portage that wrote it, or a later one.',
  );

/** @throws PortageError M020 where the key is missing or another one */
export function cipherFor(file: BackupBytes, header: BackupHeader, secret: string | null): BlockCipher | null {
  if (header.encryption === null) return null;
  if (secret === null || !isKeyOf(secret, header.encryption))
    throw refused(
      file,
      secret === null ? 'rows that are encrypted, and no key' : 'rows that were encrypted with another key',
      undefined,
      'Set PORTAGE_HASH_KEY to the key that the backup was made with.',
    );
  return blockCipher(secret, header.encryption);
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

/** @throws PortageError M020 for a newer version */
function headerIn(file: BackupBytes, event: Event, options: ReadOptions): BackupHeader | null {
  if (event.kind === 'rows') return null;
  const { mark } = event;
  if (mark.kind === 'version' && mark.version > BACKUP_VERSION) throw STALE_VERSION(file, mark.version);
  const value = mark.kind === 'version' || mark.kind === 'header' ? mark.header : undefined;
  if (value === undefined) return null;
  const header = options.headerOf(value);
  if (header === null) throw new Damaged('a header that lacks something');
  return header;
}

const told = (file: BackupBytes, error: unknown, where: string): unknown =>
  error instanceof Damaged ? refused(file, `damaged: ${error.message}`, where) : error;

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

/** What must follow what. */
class Structure {
  readonly entities: { entity: string; rows: number; places: Place[] }[] = [];
  cipher: BlockCipher | null = null;
  readonly #file: BackupBytes;
  readonly #options: ReadOptions;
  #header: BackupHeader | null = null;
  #totals: BackupTotals | null = null;
  #open: { rows: number; width: number; places: Place[]; piece: number; hash: Hash } | null = null;
  readonly #ends = new Map<string, unknown>();

  constructor(file: BackupBytes, options: ReadOptions) {
    this.#file = file;
    this.#options = options;
  }

  get where(): string {
    const last = this.entities.at(-1);
    return last === undefined ? '' : `, ${last.entity}, after row ${this.#open?.rows ?? last.rows}`;
  }

  /** @returns how many rows it was */
  take(event: Event): number {
    if (event.kind === 'rows') return this.#rows(event);
    const { mark } = event;
    if (this.#totals !== null) throw new Damaged('something after the end');
    const header = headerIn(this.#file, event, this.#options);
    if (header !== null) {
      if (this.#header !== null) throw new Damaged('a second header');
      this.#header = header;
      this.cipher = cipherFor(this.#file, header, this.#options.secret);
    } else if (mark.kind === 'begin') this.#begin(mark.entity);
    else if (mark.kind === 'end') this.#end(mark.end);
    else if (mark.kind === 'totals') this.#finish(mark.totals);
    return 0;
  }

  #begin(entity: string): void {
    const facts = this.known().entities[this.entities.length];
    if (this.#open !== null || facts?.entity !== entity) throw new Damaged('rows of an entity where none may begin');
    const places: Place[] = [];
    this.entities.push({ entity, rows: 0, places });
    const width = ROW_FIELDS.length + facts.columns.length;
    this.#open = { rows: 0, width, places, piece: -1, hash: createHash('sha256') };
  }

  #rows({ rows, bytes, place, piece }: Rows): number {
    const open = this.#open;
    if (open === null) throw new Damaged('a row outside of an entity');
    for (const row of rows) rowOf(row, open.width);
    if (open.piece !== piece) open.places.push({ ...place, row: open.rows });
    open.piece = piece;
    open.rows += rows.length;
    open.hash.update(bytes);
    return rows.length;
  }

  #end(end: unknown): void {
    const open = this.#open;
    const last = this.entities.at(-1);
    if (open === null || last === undefined || !isEnd(end)) throw new Damaged('an end of nothing');
    if (end.rows !== open.rows) throw new Damaged(`${open.rows} rows of ${end.rows}`);
    if (end.sha256 !== open.hash.digest('hex')) throw new Damaged('rows that do not match their checksum');
    last.rows = open.rows;
    this.#ends.set(last.entity, end);
    this.#open = null;
  }

  #finish(totals: unknown): void {
    const rows = this.entities.reduce((sum, entity) => sum + entity.rows, 0);
    if (this.#open !== null || this.entities.length !== this.known().entities.length)
      throw new Damaged('an end before all entities were there');
    if (JSON.stringify(totals) !== JSON.stringify({ rows, entities: Object.fromEntries(this.#ends) }))
      throw new Damaged('totals that do not match the rows');
    this.#totals = totals as BackupTotals;
  }

  known(): BackupHeader {
    if (this.#header === null) throw new Damaged('no header');
    return this.#header;
  }

  totals(): BackupTotals {
    if (this.#totals === null) throw new Damaged('no end');
    return this.#totals;
  }

  finish(): void {
    this.totals();
  }
}

/**
 * Rows of an entity from a place on, block by block, until its end. The file was verified before.
 * @throws PortageError M020 where it is not what was verified
 */
export async function* readRows(
  file: BackupBytes,
  cipher: BlockCipher | null,
  width: number,
  place: Place,
): AsyncGenerator<readonly KeptRow[]> {
  const form = formOfFile(file);
  const opening: Opening = { sealed: place.sealed, cipher };
  try {
    for await (const piece of piecesOf(form.compressed, file, place.offset, file.size)) {
      const rows: KeptRow[] = [];
      let ended = false;
      for await (const event of eventsOf(form, piece, opening)) {
        ended = event.kind === 'mark';
        if (event.kind === 'mark') break;
        for (const row of event.rows) rows.push(rowOf(row, width));
      }
      if (rows.length > 0) yield rows;
      if (ended) return;
    }
  } catch (error) {
    throw told(file, error, `around byte ${place.offset}`);
  }
}
