// A bucket behind an HTTP endpoint, as the client of S3 speaks to it: objects, ranges, uploads in parts.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Bucket {
  readonly objects: ReadonlyMap<string, Buffer>;
  /** Uploads that were begun and neither completed nor given up. */
  readonly open: ReadonlyMap<string, ReadonlyMap<number, Buffer>>;
  /** Called before each request is answered: may answer it itself, and then says so. */
  disturb: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Variables that lead the client here. */
  readonly variables: Readonly<Record<string, string>>;
  end(): Promise<void>;
}

const etagOf = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`;
const failed = (response: ServerResponse, status: number, code: string): void =>
  void response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
const xml = (response: ServerResponse, body: string): void =>
  void response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${body}`);

export async function bucket(name = 'backups'): Promise<Bucket> {
  const objects = new Map<string, Buffer>();
  const open = new Map<string, Map<number, Buffer>>();
  let uploads = 0;

  const get = (request: IncomingMessage, response: ServerResponse, key: string): void => {
    const object = objects.get(key);
    if (object === undefined) return failed(response, 404, 'NoSuchKey');
    const etag = etagOf(object);
    if (![undefined, etag].includes(request.headers['if-match'])) return failed(response, 412, 'PreconditionFailed');
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
    const part = from === undefined ? object : object.subarray(Number(from), Number(to) + 1);
    response.writeHead(from === undefined ? 200 : 206, { etag, 'content-length': part.length });
    response.end(request.method === 'HEAD' ? undefined : part);
  };
  const put = (response: ServerResponse, key: string, upload: string | null, part: number, body: Buffer): void => {
    const parts = upload === null ? null : open.get(upload);
    if (parts === undefined) return failed(response, 404, 'NoSuchUpload');
    if (parts === null) objects.set(key, body);
    else parts.set(part, body);
    response.writeHead(200, { etag: etagOf(body) }).end();
  };
  const post = (response: ServerResponse, key: string, upload: string | null): void => {
    if (upload === null) {
      open.set(String(++uploads), new Map());
      return xml(response, `<R><Bucket>${name}</Bucket><Key>${key}</Key><UploadId>${uploads}</UploadId></R>`);
    }
    const parts = [...(open.get(upload) ?? [])].toSorted(([a], [b]) => a - b).map(([, bytes]) => bytes);
    objects.set(key, Buffer.concat(parts));
    open.delete(upload);
    return xml(response, `<R><Key>${key}</Key><ETag>x</ETag></R>`);
  };

  const made: { -readonly [Name in keyof Bucket]?: Bucket[Name] } = { objects, open, disturb: () => false };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://here');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      if (made.disturb?.(request, response) === true) return;
      const [, of, ...path] = decodeURIComponent(url.pathname).split('/');
      const key = path.join('/');
      const upload = url.searchParams.get('uploadId');
      if (of !== name) return failed(response, 404, 'NoSuchBucket');
      if (request.method === 'GET' || request.method === 'HEAD') return get(request, response, key);
      if (request.method === 'POST') return post(response, key, upload);
      if (request.method === 'PUT')
        return put(response, key, upload, Number(url.searchParams.get('partNumber')), Buffer.concat(chunks));
      open.delete(upload ?? '');
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return Object.assign(made as Bucket, {
    variables: {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
    async end() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  });
}
