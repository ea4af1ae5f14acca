/** What is measured: a table. Each case is run for every stack that can serve it. */

const MEGABYTE = 1 << 20;
const HELLO = Buffer.from('Hello, World!\n');

/** Connections of the load generator, where a case does not say otherwise. */
const CONNECTIONS = 64;

interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly bodyBytes: number;
}

/** How a web server in front and an application server behind it talk with each other. */
export interface Between {
  /** The front; `nginx` stands for any whose place can be taken. */
  readonly front: 'nginx' | 'Apache';
  readonly protocol: 'HTTP' | 'FastCGI' | 'SCGI' | 'uwsgi';
  readonly socket: 'TCP' | 'Unix';
}

export interface Case {
  readonly name: string;
  readonly title: string;
  /** `load`: one wrk. `mixed`: a second one asks for a slow URL. `idle`: memory of connections that do nothing. */
  readonly kind: 'load' | 'mixed' | 'idle';
  /** The module in bench/apps that answers, or `static`: files from a directory at /static. */
  readonly source: string;
  readonly request: Request;
  /** A stack has to answer with 200 and a body of this length, and of these bytes where they are given. */
  readonly answer: { readonly bytes: number; readonly body?: Buffer };
  readonly connections: number;
  /** The client takes gzip, and a stack has to give it. */
  readonly gzip?: true;
  /** A cache stands before the application. */
  readonly cached?: true;
  /** A server behind the stack answers (peers/behind.ts). */
  readonly proxied?: true;
  /** Over HTTP/2 without TLS, with so many requests under way on each connection. */
  readonly http2Streams?: number;
  /** Over TLS, on connections that are kept. */
  readonly tls?: true;
  /** Two servers: one in front, one with the application (peers/pairs.ts). These cases are many, and measured shortly. */
  readonly between?: Between;
  /** So many sites are configured, `siteName(0)` and on, all with the same application; one in the middle is asked. */
  readonly sites?: number;
}

export function siteName(number: number): string {
  return `site${number}.example.org`;
}

/** The name that a request is for; null: the address. */
export function hostOf({ sites }: Case): string | null {
  return sites === undefined ? null : siteName(Math.floor(sites / 2));
}

function wsgi(name: string, title: string, source: string, answer: Case['answer']): Case {
  const request = { method: 'GET', path: '/', bodyBytes: 0 } as const;
  return { name, title, kind: 'load', source, request, answer, connections: CONNECTIONS };
}

function file(name: string, title: string, fileName: string): Case {
  const request = { method: 'GET', path: `/static/${fileName}`, bodyBytes: 0 } as const;
  const body = STATIC_FILES[fileName]!;
  const answer = { bytes: body.length, body };
  return { name, title, kind: 'load', source: 'static', request, answer, connections: CONNECTIONS };
}

function pair(between: Between): Case {
  const { front, protocol, socket } = between;
  const name = [front, protocol, socket].join('-').toLowerCase();
  const title = `Behind ${front}: ${protocol} over ${socket === 'TCP' ? 'TCP' : 'a Unix socket'}`;
  return { ...wsgi(name, title, 'hello', hello), between };
}

const hello = { bytes: HELLO.length, body: HELLO };
const uploaded = Buffer.from(`${MEGABYTE}\n`);

/** The directory served at /static. */
export const STATIC_FILES: Readonly<Record<string, Buffer>> = {
  '4k.bin': Buffer.alloc(4096, 'abcdefgh'),
  '64k.bin': Buffer.alloc(65_536, 'abcdefgh'),
  '1m.bin': Buffer.alloc(MEGABYTE, 'abcdefgh'),
  '10m.bin': Buffer.alloc(10 * MEGABYTE, 'abcdefgh'),
};

/** In the mixed case: connections that keep asking for SLOW_PATH, which takes 200 ms. */
export const SLOW_PATH = '/slow';
export const SLOW_CONNECTIONS = 4;

const FRONTS = ['nginx', 'Apache'] as const;
const PROTOCOLS = ['HTTP', 'FastCGI', 'SCGI', 'uwsgi'] as const;
const SOCKETS = ['TCP', 'Unix'] as const;

const PAIRS: readonly Case[] = FRONTS.flatMap((front) =>
  PROTOCOLS.flatMap((protocol) => SOCKETS.map((socket) => pair({ front, protocol, socket }))),
);

export const CASES: readonly Case[] = [
  wsgi('hello', 'Hello world', 'hello', hello),
  {
    ...wsgi('h2-hello', 'Hello world over HTTP/2, 4 requests at once on each connection', 'hello', hello),
    connections: 16,
    http2Streams: 4,
  },
  { ...wsgi('tls-hello', 'Hello world over TLS', 'hello', hello), tls: true },
  wsgi('flask', 'Flask hello', 'flask_app', hello),
  wsgi('django', 'Django hello, two middlewares', 'django_app', hello),
  wsgi('json', 'JSON answer of 10 KB', 'json_10k', { bytes: 10240 }),
  { ...wsgi('gzip', 'JSON answer of 20 KB, compressed with gzip', 'json_20k', { bytes: 20480 }), gzip: true },
  { ...wsgi('sites-200', 'Hello world, one of 200 sites', 'hello', hello), sites: 200 },
  { ...wsgi('cache-hit', 'Answer of 4 KB from the cache', 'cached_4k', { bytes: 4096 }), cached: true },
  { ...wsgi('proxy', 'Hello world of a server behind', 'hello', hello), proxied: true },
  wsgi('answer-1m', 'Answer of 1 MB', 'answer_1m', { bytes: MEGABYTE }),
  {
    ...wsgi('upload-1m', 'Upload of 1 MB', 'upload_1m', { bytes: uploaded.length, body: uploaded }),
    request: { method: 'POST', path: '/', bodyBytes: MEGABYTE },
  },
  file('static-4k', 'Static file of 4 KB', '4k.bin'),
  file('static-64k', 'Static file of 64 KB', '64k.bin'),
  file('static-1m', 'Static file of 1 MB', '1m.bin'),
  file('static-10m', 'Static file of 10 MB', '10m.bin'),
  {
    ...wsgi('mixed', 'Instant requests beside slow ones', 'mixed', hello),
    kind: 'mixed',
    connections: 32,
  },
  {
    ...wsgi('idle', '10,000 idle connections', 'hello', hello),
    kind: 'idle',
    connections: 10_000,
  },
  ...PAIRS,
];
