// An HTTP endpoint that speaks the protocol of an AWS service, so that the real clients serialise their requests, sign them,
// and parse answers and errors. What it keeps behind the protocol is the business of each service beside it.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** An answer of a service: what it gives, or the exception that it names. */
export type Answer =
  | { readonly status: 200; readonly body: unknown }
  | { readonly status: number; readonly type: string; readonly message: string };

export const fault = (status: number, type: string, message: string): Answer => ({ status, type, message });

/** So many of the same. */
export const times = <T>(count: number, trouble: T): T[] => Array.from({ length: count }, () => trouble);

/** What happens to the next calls instead of their answer. */
export type Trouble = Answer | 'hang up' | 'answer, then hang up';

export interface Endpoint {
  readonly url: string;
  /** Every call, as `GetSchedule nightly`, whatever came of it. */
  readonly calls: string[];
  /** The next calls that fit get this; the rest goes on as before. */
  trouble(fits: RegExp, ...troubles: readonly Trouble[]): void;
  close(): Promise<void>;
}

/** Serves one service. `name` says which operation a call is; `error` writes an exception as the service's protocol has it. */
export async function endpoint(service: {
  readonly signedFor: string;
  name(call: Call): string;
  answer(call: Call): Promise<Answer> | Answer;
  error(answer: Exclude<Answer, { status: 200 }>): { readonly headers: Record<string, string>; readonly body: unknown };
}): Promise<Endpoint> {
  const calls: string[] = [];
  const troubles: { readonly fits: RegExp; readonly trouble: Trouble }[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const url = new URL(request.url ?? '/', 'http://endpoint');
      const text = Buffer.concat(chunks).toString();
      const call: Call = {
        method: request.method ?? '',
        path: decodeURIComponent(url.pathname),
        query: url.searchParams,
        headers: request.headers,
        body: text === '' ? {} : (JSON.parse(text) as unknown),
      };
      const name = service.name(call);
      calls.push(name);
      const at = troubles.findIndex(({ fits }) => fits.test(name));
      const trouble = at === -1 ? null : (troubles.splice(at, 1)[0]?.trouble ?? null);
      if (trouble === 'hang up') {
        request.socket.destroy();
        return;
      }
      const answer = typeof trouble === 'object' && trouble !== null ? trouble : await answered(service, call);
      if (trouble === 'answer, then hang up') {
        request.socket.destroy();
        return;
      }
      const { headers, body } =
        'type' in answer ? service.error(answer) : { headers: {} as Record<string, string>, body: answer.body };
      response.writeHead(answer.status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    })();
  });
  await listening(server);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    trouble: (fits, ...more) => void troubles.push(...more.map((trouble) => ({ fits, trouble }))),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

const listening = (server: Server): Promise<void> => new Promise((done) => server.listen(0, '127.0.0.1', () => done()));

/** A call that nobody signed, or signed for another service, is refused as AWS refuses it. */
async function answered(
  service: { readonly signedFor: string; answer(call: Call): Promise<Answer> | Answer },
  call: Call,
): Promise<Answer> {
  const scope = /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/[\w-]+\/([\w-]+)\/aws4_request/.exec(
    call.headers.authorization ?? '',
  );
  if (scope === null) return fault(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
  if (scope[1] !== service.signedFor)
    return fault(
      403,
      'InvalidSignatureException',
      `Credential should be scoped to correct service: ${service.signedFor}`,
    );
  return service.answer(call);
}

/** What a client of this endpoint is made with. */
export const clientOf = (url: string) => ({
  endpoint: url,
  region: 'eu-central-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});
