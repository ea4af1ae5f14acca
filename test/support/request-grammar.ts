/**
 * HTTP/1.1 requests out of the grammar of RFC 9112, valid ones and spoilt ones, as fast-check arbitraries: what they
 * make can be repeated from a seed and is shrunk to the smallest bytes that still fail.
 */
import fc from 'fast-check';

export interface WrittenRequest {
  readonly method: string;
  readonly target: string;
  readonly version: 'HTTP/1.0' | 'HTTP/1.1';
  /** Name and value, with Host and what frames the body. */
  readonly fields: string[][];
  readonly body: string;
  readonly trailers: string[][];
  /** The bytes, latin-1. */
  readonly text: string;
}

const TCHARS = "!#$%&'*+-.^_`|~0189AZaz";
const text = (characters: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });

const method = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH') },
  { weight: 1, arbitrary: text('ABZ-_09', 1, 8).map((word) => `X${word}`) },
);
const target = fc.oneof(
  {
    weight: 6,
    arbitrary: text('/az09-._~!$&()*+,;=:@?%', 0, 12).map((rest) => `/${rest.replaceAll('%', '%41')}`),
  },
  { weight: 2, arbitrary: text('/az?', 0, 6).map((rest) => `http://u:p@host.example:8080/${rest}`) },
  { weight: 1, arbitrary: text('/\x80\xff#|"<', 0, 6).map((rest) => `/${rest}`) },
);
const value = text('az09 \t,;="/\\()\x80\xa0\xff', 0, 16).map((raw) => raw.replace(/^[\t ]+|[\t ]+$/g, ''));
const name = text(TCHARS, 1, 8).map((word) => `x${word}`);
const blanks = text(' \t', 0, 3);

interface Piece {
  readonly data: string;
  readonly extension: string;
}
const piece: fc.Arbitrary<Piece> = fc.record({
  data: text('ab\r\n0;: \0\xff', 1, 20),
  extension: fc.constantFrom('', '', '', '', '', ';a', ';a=b;c', ';a="b;\\" "', '; a'),
});
const framing = fc.oneof(
  fc.constant({ kind: 'none' as const }),
  fc.record({ kind: fc.constant('length' as const), data: text('ab\r\n0;: \0\xff', 0, 30) }),
  fc.record({
    kind: fc.constant('chunked' as const),
    pieces: fc.array(piece, { maxLength: 4 }),
    trailers: fc.array(fc.tuple(name, value), { maxLength: 2 }),
  }),
);

export const validRequest: fc.Arbitrary<WrittenRequest> = fc
  .record({
    method,
    target,
    framing,
    host: fc.constantFrom('x', 'host.example', 'host.example:8000', '[::1]:80', '127.0.0.1'),
    fields: fc.array(fc.tuple(name, value, blanks, blanks), { maxLength: 5 }),
    old: fc.boolean(),
  })
  .map(({ method, target, framing, host, fields, old }) => {
    const version = old && framing.kind !== 'chunked' ? 'HTTP/1.0' : 'HTTP/1.1';
    const lines = [['Host', host, ' ', ''], ...fields];
    // So that more requests can follow.
    if (version === 'HTTP/1.0') lines.push(['Connection', 'keep-alive', ' ', '']);
    let coded = '';
    if (framing.kind === 'length') {
      lines.push(['Content-Length', `${framing.data.length}`, '', ' ']);
      coded = framing.data;
    } else if (framing.kind === 'chunked') {
      lines.push(['Transfer-Encoding', 'chunked', ' ', '']);
      for (const { data, extension } of framing.pieces)
        coded += `${data.length.toString(16)}${extension}\r\n${data}\r\n`;
      coded += `0\r\n${framing.trailers.map((field) => `${field.join(':')}\r\n`).join('')}\r\n`;
    }
    const head = lines
      .map(([name, value, before, after]) => `${name}:${before}${value}${after}\r\n`)
      .join('');
    return {
      ...{ method, target, version },
      fields: lines.map(([name, value]) => [name!, value!]),
      body:
        framing.kind === 'length'
          ? framing.data
          : framing.kind === 'chunked'
            ? framing.pieces.map(({ data }) => data).join('')
            : '',
      trailers: framing.kind === 'chunked' ? framing.trailers : [],
      text: `${method} ${target} ${version}\r\n${head}\r\n${coded}`,
    };
  });

/** What spoils a request: what servers have been known to read in two ways. */
const SNIPPETS = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\n\n',
    '\r\n\r\n',
    ' ',
    '\t',
    '\0',
    '\x0b',
    '\x7f',
    '\x85',
    '\xa0',
    '\xff',
    ':',
    ',',
    ';',
    '"',
    '\\',
    '0',
  ],
  ...[
    'Content-Length: 3\r\n',
    'Content-Length: +3\r\n',
    'Content-Length:\r\n',
    'Content-Length : 3\r\n',
    'Content_Length: 3\r\n',
  ],
  ...[
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: identity\r\n',
    'Transfer-Encoding:\x0bchunked\r\n',
    'Transfer-Encoding:\xa0chunked\r\n',
    'Transfer-Encoding: gzip,\xa0chunked\r\n',
  ],
  ...[
    'Transfer-Encoding: gzip, chunked\r\n',
    'Transfer-Encoding: chunked, gzip\r\n',
    'Transfer-Encoding : chunked\r\n',
  ],
  ...[
    'Transfer-Encoding: xchunked\r\n',
    'Transfer-Encoding: "chunked"\r\n',
    'Transfer-Encoding:\r\n chunked\r\n',
  ],
  ...[
    'Connection: close\r\n',
    'Connection: upgrade\r\nUpgrade: x\r\n',
    'Expect: 100-continue\r\n',
    'Expect: x\r\n',
    'Host: y\r\n',
  ],
  ...[
    ' folded\r\n',
    '\tfolded\r\n',
    ': x\r\n',
    'x\r\n',
    'GET / HTTP/1.1\r\nHost: smuggled\r\n\r\n',
    'HTTP/1.1',
    'HTTP/1.0',
    '\r\n0\r\n\r\n',
  ],
  ...[
    'chunked',
    ', chunked',
    'chunked, ',
    '3\r\nabc\r\n',
    '0\r\n\r\n',
    '00000000000000003',
    '0x3',
    ';a=b',
    ';',
    '-1',
    '#',
    '*',
    '//',
    '%',
  ],
];

/** Where to strike, as a share of the length, and what to do there. */
const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  kind: fc.constantFrom(
    'insert',
    'insert',
    'insert-line',
    'insert-line',
    'insert-line',
    'delete',
    'replace',
    'repeat',
    'cut',
    'flip-case',
  ),
  bytes: fc.integer({ min: 1, max: 12 }),
  snippet: fc.constantFrom(...SNIPPETS),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutated(text: string, { at, kind, bytes, snippet }: Mutation): string {
  let from = Math.floor(at * text.length);
  if (kind === 'insert-line') from = text.indexOf('\r\n', from) + 2;
  const [before, after] = [text.slice(0, from), text.slice(from)];
  switch (kind) {
    case 'delete':
      return before + after.slice(bytes % 3 || 1);
    case 'replace':
      return before + snippet + after.slice(snippet.length);
    case 'repeat':
      return before + after.slice(0, bytes) + after;
    case 'cut':
      return bytes === 1 ? before : text;
    case 'flip-case':
      return (
        before +
        after.slice(0, bytes).replace(/[a-z]/gi, (letter) => String.fromCharCode(letter.charCodeAt(0) ^ 32)) +
        after.slice(bytes)
      );
    default:
      return before + snippet + after;
  }
}

/** One to three requests in a row, spoilt in up to three places: latin-1. */
export const spoiltBytes: fc.Arbitrary<string> = fc
  .record({
    requests: fc.array(validRequest, { minLength: 1, maxLength: 3 }),
    mutations: fc.array(mutation, { maxLength: 3 }),
  })
  .map(({ requests, mutations }) =>
    mutations.reduce(mutated, requests.map((request) => request.text).join('')),
  );
