/** What must follow what in a backup, and whether it is as the file itself says: counts, checksums, the right key. */
import { createHash, type Hash } from 'node:crypto';
import type { BackupHeader, BackupTotals } from '../../domain/backup.ts';
import { BACKUP_VERSION, ROW_FIELDS } from '../../domain/backup.ts';
import { PortageError } from '../../domain/errors.ts';
import { blockCipher, isKeyOf, type BlockCipher } from './cipher.ts';
import type { Event, Place, Rows } from './events.ts';
import { Damaged, type BackupBytes } from './pieces.ts';
import { proveRow, rowsIn } from './row-text.ts';

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

/** What is damaged, told with its place; any other error as it is. */
export const told = (file: BackupBytes, error: unknown, where: string): unknown =>
  error instanceof Damaged ? refused(file, `damaged: ${error.message}`, where) : error;

const newerVersion = (file: BackupBytes, version: number): PortageError =>
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

/** @throws PortageError M020 for a newer version */
export function headerIn(file: BackupBytes, event: Event, options: ReadOptions): BackupHeader | null {
  if (event.kind === 'rows') return null;
  const { mark } = event;
  if (mark.kind === 'version' && mark.version > BACKUP_VERSION) throw newerVersion(file, mark.version);
  const value = mark.kind === 'version' || mark.kind === 'header' ? mark.header : undefined;
  if (value === undefined) return null;
  const header = options.headerOf(value);
  if (header === null) throw new Damaged('a header that lacks something');
  return header;
}

const isEnd = (value: unknown): value is { rows: number; sha256: string } =>
  typeof value === 'object' && value !== null && 'rows' in value && 'sha256' in value;

/** What must follow what. */
export class Structure {
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

  #rows({ lines, bytes, place, piece }: Rows): number {
    const open = this.#open;
    if (open === null) throw new Damaged('a row outside of an entity');
    let rows = 0;
    for (const row of rowsIn(lines)) {
      proveRow(row, open.width);
      rows++;
    }
    if (open.piece !== piece) open.places.push({ ...place, row: open.rows });
    open.piece = piece;
    open.rows += rows;
    open.hash.update(bytes);
    return rows;
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
