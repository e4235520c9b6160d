// Objects of a bucket, over HTTP: written in parts, read from anywhere, and neither there by half nor mixed with another one.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openObject, writeObject } from '../../shared/aws/storage.ts';
import { setVariables } from '../../shared/config.ts';
import { bucket, type Bucket } from '../support/bucket.ts';

let b: Bucket;
beforeAll(async () => {
  b = await bucket();
  setVariables(b.variables);
});
afterAll(() => b.end());
beforeEach(() => {
  b.disturb = () => false;
});

const bytes = (size: number): Buffer => Buffer.alloc(size, 'some bytes of a backup ');

async function read(place: string, from: number, to: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await openObject(place)).read(from, to)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test.each([
  ['one part', 1000],
  ['several parts', 80 << 20],
])('what is written in %s is read back', async (_, size) => {
  const place = `s3://backups/a folder/${size}.json`;
  const writer = await writeObject(place);
  const all = bytes(size);
  for (let at = 0; at < size; at += 1 << 20) await writer.take(all.subarray(at, at + (1 << 20)));
  expect(b.objects.has(`a folder/${size}.json`)).toBe(false);
  await writer.complete();
  expect(b.objects.get(`a folder/${size}.json`)!.equals(all)).toBe(true);
  expect(b.open.size).toBe(0);
  expect((await openObject(place)).size).toBe(size);
  expect((await read(place, 17, 400)).equals(all.subarray(17, 400))).toBe(true);
  expect((await read(place, 5, 5)).length).toBe(0);
});

test('what is given up leaves nothing', async () => {
  const writer = await writeObject('s3://backups/given-up.json');
  await writer.take(bytes(40 << 20));
  await writer.discard();
  expect([b.objects.has('given-up.json'), b.open.size]).toEqual([false, 0]);
});

test('a part that does not arrive is an error, and not a shorter object', async () => {
  b.disturb = (request, response) => {
    if (request.method !== 'PUT') return false;
    response.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
    return true;
  };
  const writer = await writeObject('s3://backups/refused.json');
  const work = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) await writer.take(bytes(32 << 20));
    await writer.complete();
  };
  await expect(work()).rejects.toMatchObject({ code: 'M021', message: expect.stringContaining('AccessDenied') });
  await writer.discard();
  expect([b.objects.has('refused.json'), b.open.size]).toEqual([false, 0]);
});

test('reading goes on where the connection broke', async () => {
  const all = bytes(1 << 20);
  const writer = await writeObject('s3://backups/broken.json');
  await writer.take(all);
  await writer.complete();
  let breaks = 0;
  b.disturb = (request, response) => {
    const [, from] = /bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
    if (request.method !== 'GET' || breaks++ >= 2) return false;
    const rest = all.subarray(Number(from));
    response.writeHead(206, { etag: 'x', 'content-length': rest.length });
    response.write(rest.subarray(0, 300_000), () => response.destroy());
    return true;
  };
  expect((await read('s3://backups/broken.json', 0, all.length)).equals(all)).toBe(true);
  expect(breaks).toBe(3);
});

test('another object under the same name is not taken for the first one', async () => {
  for (const text of ['one', 'two']) {
    const object = text === 'two' ? await openObject('s3://backups/same.json') : null;
    const writer = await writeObject('s3://backups/same.json');
    await writer.take(Buffer.from(text));
    await writer.complete();
    if (object === null) continue;
    await expect(object.read(0, 3).next()).rejects.toMatchObject({ code: 'M020' });
  }
});

test('what is not there, and what is no name, is told before anything is read', async () => {
  await expect(openObject('s3://backups/nothing.json')).rejects.toMatchObject({ code: 'SYS002' });
  await expect(openObject('s3://elsewhere/nothing.json')).rejects.toMatchObject({ code: 'SYS002' });
  await expect(writeObject('s3://elsewhere/x.json')).rejects.toMatchObject({ code: 'SYS002' });
  for (const name of ['s3://', 's3://bucket', 's3://bucket/', 's3://bucket/folder/'])
    await expect(writeObject(name)).rejects.toMatchObject({ code: 'SYS002', facts: { got: name } });
});
