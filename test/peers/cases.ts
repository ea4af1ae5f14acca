/**
 * What a client asks of the two applications in test/apps/twins, and what of the answer has to be the same however
 * many servers stand between: one list for all pairs of servers.
 */
import { createHash } from 'node:crypto';
import { type Destination, type Head, RawClient, type Response } from '../support/raw-client.ts';

const MEBIBYTE = 1 << 20;

/** Where a case is asked, and for which application. */
export interface Place {
  readonly to: Destination;
  /** The Host field, by which a server in front tells where to. */
  readonly host: string;
  /** `/flask` or `/django`. */
  readonly twin: string;
  /** Of the gates of this case. */
  readonly key: string;
}

/** Asks, and returns what has to be the same everywhere. */
export type Case = (place: Place) => Promise<unknown>;

const FIELDS_SEEN = ['content-type', 'location', 'set-cookie', 'x-test-chosen', 'x-test-latin'];

/** Without the host, which has to be another one everywhere, and without the type of what is not there. */
function seen({ status, get }: Head, { host }: Place): Record<string, unknown> {
  const names = FIELDS_SEEN.filter((name) => name !== 'content-type' || (status !== 204 && status !== 304));
  const fields = names.map((name) => [name, get(name)?.replace(host, 'HOST')] as const);
  return { status, fields: Object.fromEntries(fields.filter(([, value]) => value !== undefined)) };
}

/** A large body is compared by its digest. */
function seenWhole(response: Response, place: Place): unknown {
  const { body, complete } = response;
  const text = response.text.replaceAll(place.host, 'HOST');
  if (text.startsWith('{')) return { ...seen(response, place), complete, body: JSON.parse(text) };
  if (body.length < 4096) return { ...seen(response, place), complete, body: text };
  const digest = createHash('sha256').update(body).digest('hex');
  return { ...seen(response, place), complete, length: body.length, digest };
}

async function connected<T>(place: Place, use: (client: RawClient) => Promise<T>): Promise<T> {
  const client = await RawClient.open(place.to);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

interface Asked {
  readonly method?: string;
  readonly fields?: readonly string[];
  readonly body?: string | Uint8Array;
}

function headOf(place: Place, target: string, { method = 'GET', fields = [], body }: Asked): string {
  const length = body === undefined ? [] : [`Content-Length: ${body.length}`];
  const lines = [`${method} ${place.twin}${target} HTTP/1.1`, `Host: ${place.host}`, ...length, ...fields];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

async function send(client: RawClient, place: Place, target: string, asked: Asked = {}): Promise<Response> {
  await client.send(headOf(place, target, asked));
  if (asked.body !== undefined) await client.send(asked.body);
  return client.readResponse({ hasBody: asked.method !== 'HEAD' });
}

function ask(target: string, asked: Asked = {}): Case {
  return (place) =>
    connected(place, async (client) => seenWhole(await send(client, place, target, asked), place));
}

/** Bytes that no two places of are alike. */
function bytes(size: number): Buffer {
  const body = Buffer.alloc(size);
  for (let n = 0; n + 4 <= size; n += 4) body.writeUInt32BE(Math.imul(n, 2_654_435_761) >>> 0, n);
  return body;
}

function chunked(...chunks: readonly Buffer[]): Buffer {
  const framed = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...framed, Buffer.from('0\r\n\r\n')]);
}

const post = (body: string | Uint8Array, ...fields: string[]): Asked => ({ method: 'POST', body, fields });

export const CASES: Readonly<Record<string, Case>> = {
  'a path and a query': ask('/echo/a/b?c=d&e=%20+%26&&='),
  'a path with //': ask('/echo/a//b///c/'),
  'a path with %2F': ask('/echo/a%2Fb%2f'),
  'a path with ;': ask('/echo/a;b=c/d;e'),
  'a path in UTF-8': ask('/echo/caf%C3%A9/%E2%82%AC'),
  'a path with escapes of all kinds': ask('/echo/%41%20%25%3F%23%5B%7e+'),
  'a query in latin-1': ask('/echo/?name=%E9'),
  'an empty query': ask('/echo/?'),

  'the client': ask('/client'),
  'fields of all kinds': ask('/echo/', {
    fields: ['X-Test-One:   a  b  ', 'Accept: text/html, */*;q=0.1', 'Authorization: Basic eDp5'],
  }),
  'a field without a value': ask('/echo/', { fields: ['X-Test-Empty:'] }),
  'two fields of one name': ask('/echo/', { fields: ['X-Test-Two: 1', 'X-Test-Two: 2'] }),
  'a field with bytes': ask('/echo/', { fields: ['X-Test-Bytes: caf\xe9 \xff\x80'] }),
  'a cookie of 32 KiB': ask('/echo/', { fields: [`Cookie: a=${'c'.repeat(32_768)}`] }),
  'a method of its own': ask('/echo/', { method: 'PATCH', body: 'x' }),
  OPTIONS: ask('/echo/', { method: 'OPTIONS' }),

  'an empty upload': ask('/echo/', post('')),
  'an upload of a byte': ask('/echo/', post('x', 'Content-Type: text/x')),
  'an upload of 64 KiB': ask('/echo/', post(bytes(65_536))),
  'an upload of 8 MiB': ask('/echo/', post(bytes(8 * MEBIBYTE))),
  'an upload in chunks': (place) =>
    connected(place, async (client) => {
      await client.send(headOf(place, '/echo/', { method: 'POST', fields: ['Transfer-Encoding: chunked'] }));
      await client.send(chunked(bytes(1), bytes(70_000), bytes(MEBIBYTE)));
      return seenWhole(await client.readResponse(), place);
    }),
  '100 Continue': (place) =>
    connected(place, async (client) => {
      const fields = ['Expect: 100-continue', 'Content-Length: 5'];
      await client.send(headOf(place, '/echo/', { method: 'PUT', fields }));
      const { status } = await client.readHead();
      await client.send('hello');
      return [status, seenWhole(await client.readResponse(), place)];
    }),

  'an answer of 8 MiB': ask(`/big?size=${8 * MEBIBYTE}`),
  'an answer of unknown length': ask('/chunked?size=300000'),
  'HEAD of a known length': ask('/big?size=100000', { method: 'HEAD' }),
  204: ask('/status/204'),
  304: ask('/status/304'),
  404: ask('/status/404'),
  500: ask('/status/500'),
  'fields of an answer': ask('/fields'),
  'a redirect': ask('/redirect'),

  'requests on one connection': (place) =>
    connected(place, async (client) => {
      const answers: unknown[] = [];
      for (const [target, asked] of [
        ['/echo/1', {}],
        ['/echo/2', post('two')],
        ['/status/204', {}],
        ['/echo/3', { method: 'HEAD' }],
        ['/chunked?size=70000', {}],
        ['/status/304', {}],
        ['/echo/4', {}],
      ] as const)
        answers.push(seenWhole(await send(client, place, target, asked), place));
      return answers;
    }),
  'an answer that comes as it is made': (place) =>
    connected(place, async (client) => {
      await client.send(headOf(place, `/stream?name=${place.key}`, {}));
      const head = await client.readHead();
      const [first, rest] = await readPart(client, head, 'first\n', () => gate(place, 'open'));
      return [seen(head, place), first, rest];
    }),
  'a client that leaves': (place) =>
    connected(place, async (client) => {
      await client.send(headOf(place, `/endless?name=${place.key}`, {}));
      const head = await client.readHead();
      await client.readSome(head);
      client.close();
      return [seen(head, place), await gate(place, 'await')];
    }),
};

/** Reads `first`, lets the rest come, and reads that. */
async function readPart(
  client: RawClient,
  head: Head,
  first: string,
  then: () => Promise<unknown>,
): Promise<[string, string]> {
  let text = '';
  while (text.length < first.length) text += (await client.readSome(head))!.toString('latin1');
  await then();
  let rest = text.slice(first.length);
  for (let part = await client.readSome(head); part !== null; part = await client.readSome(head))
    rest += part.toString('latin1');
  return [text.slice(0, first.length), rest];
}

/** Of the process that runs the twins, on the same way. */
function gate(place: Place, action: 'open' | 'await'): Promise<string> {
  const beside = { ...place, twin: '' };
  return connected(
    place,
    async (client) => (await send(client, beside, `/gate?${action}=${place.key}`)).text,
  );
}
