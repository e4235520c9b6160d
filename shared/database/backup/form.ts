/**
 * The two forms of a backup, told as lines of text. `.json` is one JSON document and `.ndjson.gz` a document a line; in
 * both a row is a line of its own, just as COPY writes it, so that no row is parsed on its way into the file.
 *
 *     { "portageBackup": 1,                          {"portageBackup":1,"header":{...}}
 *     "header": {...},
 *     "entities": {
 *     "offices": {"rows": [                          {"entity":"offices"}
 *     ["1", null, ...]                               ["1", null, ...]
 *     ,["2", null, ...]                              ["2", null, ...]
 *     ], "end": {...}}                               {"end":{...}}
 *     },
 *     "totals": {...},                               {"totals":{...}}
 *     "sha256": "..."}                               {"sha256":"..."}
 */
import type { BackupHeader, BackupTotals } from '../../domain/backup.ts';
import { BACKUP_VERSION } from '../../domain/backup.ts';

export interface EntityEnd {
  readonly rows: number;
  /** Of the lines of its rows as they stand in the file, before they are compressed. */
  readonly sha256: string;
}

/** A line that is no row. */
export type Mark =
  | { readonly kind: 'version'; readonly version: number; readonly header?: unknown }
  | { readonly kind: 'header'; readonly header: unknown }
  | { readonly kind: 'begin'; readonly entity: string }
  | { readonly kind: 'end'; readonly end: unknown }
  | { readonly kind: 'totals'; readonly totals: unknown }
  | { readonly kind: 'frame' };

export interface Form {
  readonly compressed: boolean;
  /** Stands before each row but the first of an entity. */
  readonly comma: string;
  readonly head: (header: BackupHeader) => string;
  readonly begin: (entity: string, first: boolean) => string;
  readonly end: (end: EntityEnd) => string;
  readonly totals: (totals: BackupTotals) => string;
  /** The last line: SHA-256 of every byte of the file before it. */
  readonly last: (sha256: string) => string;
  /** Null for a line that does not belong into a backup. */
  readonly read: (line: string) => Mark | null;
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const documentLine = (line: string): Mark | null => {
  const version = /^\{"portageBackup":(\d{1,9}),$/.exec(line);
  if (version) return { kind: 'version', version: Number(version[1]) };
  if (line === '"entities":{' || line === '},') return { kind: 'frame' };
  const begin = /^,?("(?:[^"\\]|\\.)*"):\{"rows":\[$/.exec(line);
  if (begin) {
    const entity = parsed(begin[1] ?? '');
    return typeof entity === 'string' ? { kind: 'begin', entity } : null;
  }
  const end = /^\],"end":(\{.*\})\}$/.exec(line);
  if (end) return { kind: 'end', end: parsed(end[1] ?? '') };
  const part = /^"(header|totals)":(\{.*\}),$/.exec(line);
  if (part === null) return null;
  const value = parsed(part[2] ?? '');
  return part[1] === 'header' ? { kind: 'header', header: value } : { kind: 'totals', totals: value };
};

const DOCUMENT: Form = {
  compressed: false,
  comma: ',',
  head: (header) => `{"portageBackup":${BACKUP_VERSION},\n"header":${JSON.stringify(header)},\n"entities":{\n`,
  begin: (entity, first) => `${first ? '' : ','}${JSON.stringify(entity)}:{"rows":[\n`,
  end: (end) => `],"end":${JSON.stringify(end)}}\n`,
  totals: (totals) => `},\n"totals":${JSON.stringify(totals)},\n`,
  last: (sha256) => `"sha256":"${sha256}"}\n`,
  read: documentLine,
};

const lineOfLines = (line: string): Mark | null => {
  const value = parsed(line);
  if (!isObject(value)) return null;
  if (typeof value['portageBackup'] === 'number')
    return { kind: 'version', version: value['portageBackup'], header: value['header'] };
  if (typeof value['entity'] === 'string') return { kind: 'begin', entity: value['entity'] };
  if ('end' in value) return { kind: 'end', end: value['end'] };
  return 'totals' in value ? { kind: 'totals', totals: value['totals'] } : null;
};

const LINES: Form = {
  compressed: true,
  comma: '',
  head: (header) => `${JSON.stringify({ portageBackup: BACKUP_VERSION, header })}\n`,
  begin: (entity) => `${JSON.stringify({ entity })}\n`,
  end: (end) => `${JSON.stringify({ end })}\n`,
  totals: (totals) => `${JSON.stringify({ totals })}\n`,
  last: (sha256) => `{"sha256":"${sha256}"}\n`,
  read: lineOfLines,
};

/** By the ending of the name. */
const FORMS: Readonly<Record<string, Form>> = { '.json': DOCUMENT, '.ndjson.gz': LINES };

export const FORM_ENDINGS = Object.keys(FORMS);

/** Null where the name ends otherwise. */
export const formOf = (name: string): Form | null =>
  Object.entries(FORMS).find(([ending]) => name.endsWith(ending))?.[1] ?? null;
