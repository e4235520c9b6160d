// A backup file: what is written is read back, and whatever is not exactly what was written is refused.
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { backupHeader } from '../../shared/contracts/backup.ts';
import { BACKUP_VERSION, type BackupHeader } from '../../shared/domain/backup.ts';
import { PortageError } from '../../shared/domain/errors.ts';
import { blockCipher, newEncryption } from '../../shared/database/backup/cipher.ts';
import { formOf } from '../../shared/database/backup/form.ts';
import type { BackupBytes } from '../../shared/database/backup/pieces.ts';
import { trials } from '../campaign/size.ts';
import type { RowText } from '../../shared/database/backup/row-text.ts';
import { readHeader, readRows, verifyBackup } from '../../shared/database/backup/read-file.ts';
import { cipherFor } from '../../shared/database/backup/structure.ts';
import { fileWriter, lastBytes } from '../../shared/database/backup/write-file.ts';

const FORMS = ['backup.json', 'backup.ndjson.gz'] as const;
const SECRET = 'a key that tests share';
const ODD = ['', 'a,b', '["x"]', 'line\nend', '"quoted"', 'ä€😀', '\\N', '\u2028', '],"end":{', 'null'];

type KeptRow = readonly (string | null)[];
const parsed = (rows: Iterable<RowText>): KeptRow[] =>
  [...rows].map(({ bytes, from, to }) => JSON.parse(bytes.toString('utf8', from, to)) as KeptRow);

const row = (i: number, note: string | null): KeptRow => [
  String(i),
  null,
  'i',
  null,
  '1',
  '-2',
  'ff00',
  null,
  null,
  `id ${i}`,
  note,
];
const doctors = ODD.map((note, i) => row(i, note));
const offices = [row(1, null), [...row(2, null).slice(0, 1), 'gone', 'a', 'c', ...Array<null>(7).fill(null)]];

const header = (more: Partial<BackupHeader> = {}): BackupHeader => ({
  operationId: 'backup_20240101_000000',
  takenAt: '2024-01-01T00:00:00.000Z',
  source: 'legacy on local',
  target: 'target on local',
  targetVersion: 180004,
  ledgerVersion: 1,
  map: { name: 'surgery', entities: {} },
  mapHash: 'hash',
  encryption: null,
  hashKey: 'print',
  entities: ['offices', 'doctors', 'nobody'].map((entity) => ({
    entity,
    table: `public.${entity}`,
    columns: [
      { name: 'id', type: 'text', notNull: true },
      { name: 'note', type: 'text', notNull: false },
    ],
    encrypted: more.encryption !== undefined && entity === 'doctors',
    bases: { sourceShape: '', targetShape: '', sourceProbe: null, targetProbe: null },
  })),
  checkpoints: [],
  ...more,
});

/** In pieces as small as the network may make them. */
async function* copied(rows: readonly KeptRow[], comma: string, chunk: number): AsyncGenerator<Buffer> {
  const all = Buffer.from(rows.map((each) => `${comma}${JSON.stringify(each)}\n`).join(''));
  for (let at = 0; at < all.length; at += chunk) yield all.subarray(at, at + chunk);
}

async function written(name: string, of: BackupHeader, more: readonly KeptRow[] = doctors, chunk = 7): Promise<Buffer> {
  const form = formOf(name)!;
  const parts: Buffer[] = [];
  const writer = fileWriter(form, (bytes) => Promise.resolve(void parts.push(bytes)));
  const cipher = of.encryption === null ? null : blockCipher(SECRET, of.encryption);
  await writer.head(of);
  for (const [entity, rows] of [
    ['offices', offices],
    ['doctors', more],
    ['nobody', []],
  ] as const)
    // prettier-ignore
    await writer.entity(entity, copied(rows, form.comma, chunk), entity === 'doctors' ? cipher : null, () => Promise.resolve());
  await writer.finish();
  return Buffer.concat(parts);
}

const file = (name: string, bytes: Buffer): BackupBytes => ({
  name,
  size: bytes.length,
  identity: 'it',
  async *read(from, to) {
    for (let at = from; at < to; at += 1000) yield bytes.subarray(at, Math.min(to, at + 1000));
  },
});

const options = (secret: string | null = SECRET) => ({ secret, headerOf: backupHeader });
const verify = (name: string, bytes: Buffer, secret?: string | null) =>
  verifyBackup(file(name, bytes), options(secret));
const refusal = async (name: string, bytes: Buffer, secret?: string | null): Promise<PortageError | null> =>
  verify(name, bytes, secret).then(
    () => null,
    (error: unknown) => {
      if (error instanceof PortageError && error.code === 'M020') return error;
      throw error;
    },
  );

describe.each(FORMS)('%s', (name) => {
  test('gives back every row, from its beginning or from any place', async () => {
    const bytes = await written(name, header());
    const { entities, totals, header: read } = await verify(name, bytes);
    expect(read).toEqual(header());
    expect(totals.rows).toBe(doctors.length + 2);
    expect(entities.map(({ entity, rows }) => [entity, rows])).toEqual([['offices', 2], ['doctors', doctors.length], ['nobody', 0]]); // prettier-ignore
    expect(await readHeader(file(name, bytes), options())).toEqual(header());
    for (const [of, rows] of [
      [entities[0], offices],
      [entities[1], doctors],
    ] as const) {
      // prettier-ignore
      const found: KeptRow[] = [];
      for await (const some of readRows(file(name, bytes), null, of!.places[0]!)) found.push(...parsed(some));
      expect(found).toEqual(rows);
    }
  });

  test('of many blocks can be read from each of them', async () => {
    const many = Array.from({ length: 40_000 }, (_, i) => row(i, `note ${i}`.repeat(9)));
    const bytes = await written(name, header(), many, 65_536);
    const [, found] = (await verify(name, bytes)).entities;
    expect(found!.places.length).toBeGreaterThan(3);
    for (const place of found!.places) {
      const rows: KeptRow[] = [];
      for await (const some of readRows(file(name, bytes), null, place)) rows.push(...parsed(some));
      expect(rows.length).toBe(many.length - place.row);
      expect(rows[0]).toEqual(many[place.row]);
    }
  });

  test('is what any other program reads', async () => {
    const bytes = await written(name, header());
    if (name.endsWith('.gz')) {
      const lines = gunzipSync(bytes).toString().trimEnd().split('\n').map((line) => JSON.parse(line) as unknown); // prettier-ignore
      expect(lines[0]).toEqual({ portageBackup: 1, header: header() });
      expect(lines.slice(6, 6 + doctors.length)).toEqual(doctors);
    } else {
      const document = JSON.parse(bytes.toString()) as { entities: Record<string, { rows: unknown }> };
      expect(Object.keys(document)).toEqual(['portageBackup', 'header', 'entities', 'totals', 'sha256']);
      expect(document.entities['doctors']!.rows).toEqual(doctors);
      expect(document.entities['nobody']!.rows).toEqual([]);
    }
  });

  test('is refused when any byte of it is another one', async () => {
    const bytes = await written(name, header());
    for (let at = 0; at < bytes.length; at += trials(1, 10)) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << (at % 8);
      const error = await refusal(name, damaged);
      expect([at, error?.facts.got]).toEqual([at, expect.stringMatching(/damaged|cut short|version/)]);
    }
  });

  test('is refused when it is cut short, or has something after its end', async () => {
    const bytes = await written(name, header());
    for (let length = 0; length < bytes.length; length += trials(1, 10))
      expect([length, (await refusal(name, bytes.subarray(0, length)))?.facts.got]).toEqual([length, expect.stringMatching(/damaged|cut short/)]); // prettier-ignore
    for (const more of ['\n', ' ', 'x', '}'])
      expect(await refusal(name, Buffer.concat([bytes, Buffer.from(more)]))).not.toBeNull();
    expect(await refusal(name, Buffer.concat([bytes, bytes]))).not.toBeNull();
  });

  test('of a newer version is refused, and says so', async () => {
    const form = formOf(name)!;
    const newer = {
      ...form,
      head: (of: BackupHeader) => form.head(of).replace(`"portageBackup":${BACKUP_VERSION}`, '"portageBackup":2'),
    };
    const parts: Buffer[] = [];
    const writer = fileWriter(newer, (bytes) => Promise.resolve(void parts.push(bytes)));
    await writer.head({ ...header(), entities: [] });
    await writer.finish();
    expect((await refusal(name, Buffer.concat(parts)))?.facts.got).toMatch(/version 2 of the format/);
    await expect(readHeader(file(name, Buffer.concat(parts)), options())).rejects.toThrow('nothing was written');
  });

  test('with counts or checksums that somebody has made to fit is refused all the same', async () => {
    const form = formOf(name)!;
    for (const wrong of [{ rows: 3 }, { sha256: '0'.repeat(64) }]) {
      const forged = { ...form, end: (end: Parameters<typeof form.end>[0]) => form.end({ ...end, ...wrong }) };
      const parts: Buffer[] = [];
      const writer = fileWriter(forged, (bytes) => Promise.resolve(void parts.push(bytes)));
      await writer.head({ ...header(), entities: header().entities.slice(0, 1) });
      await writer.entity('offices', copied(offices, form.comma, 9), null, () => Promise.resolve());
      await writer.finish();
      const whole = Buffer.concat(parts);
      expect((await refusal(name, whole))?.facts.got).toMatch(/rows of|do not match/);
    }
  });

  test('shows nothing of encrypted rows, and opens with its key alone', async () => {
    const encryption = newEncryption(SECRET);
    const bytes = await written(name, header({ encryption }));
    const shown = name.endsWith('.gz') ? gunzipSync(bytes).toString() : bytes.toString();
    for (const clear of ['a,b', 'quoted', 'ä€😀', 'id 3', 'ff00\\",null,null,\\"id 3'])
      expect(shown).not.toContain(clear);
    const { entities, header: read } = await verify(name, bytes);
    const rows: KeptRow[] = [];
    const place = entities[1]!.places[0]!;
    for await (const some of readRows(file(name, bytes), cipherFor(file(name, bytes), read, SECRET), place))
      rows.push(...parsed(some));
    expect(rows).toEqual(doctors);
    expect((await refusal(name, bytes, null))?.facts.got).toMatch(/no key/);
    expect((await refusal(name, bytes, 'another key altogether'))?.facts.got).toMatch(/another key/);
  });
});

test('the last line follows from the bytes before it', async () => {
  for (const name of FORMS) {
    const bytes = await written(name, header());
    const form = formOf(name)!;
    const length = lastBytes(form, '0'.repeat(64)).length;
    const sha256 = createHash('sha256').update(bytes.subarray(0, -length)).digest('hex');
    expect(bytes.subarray(-length)).toEqual(lastBytes(form, sha256));
  }
});
