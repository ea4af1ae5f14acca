/**
 * The HTTP/1.1 parser against Node's own (llhttp, strict) on spoilt requests. What the two may differ in is listed
 * below, each class with its reason and an example that shows it. Two servers that see different requests in the same
 * bytes are how requests are smuggled, so no list can excuse that.
 *
 * A failure prints the seed and the smallest bytes; `VIVARIUM_FUZZ_SEED` and `VIVARIUM_FUZZ_RUNS` run others.
 */
import assert from 'node:assert/strict';
import { METHODS } from 'node:http';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RequestHead } from '../../src/protocols/http1/request-head.ts';
import { Llhttp, type LlhttpReading } from '../support/llhttp.ts';
import { bytes, pairs, type Reading, type ReadRequest, readRequests } from '../support/read-requests.ts';
import { spoiltBytes } from '../support/request-grammar.ts';

const HOST = 'Host: x\r\n';
const CHUNKED = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;

interface Stricter {
  /** The reason our parser gives, or `closed` where we close and llhttp would go on. */
  readonly refusal: string;
  readonly because: string;
  readonly example: string;
}

/** What we refuse and llhttp takes. */
const STRICTER: Stricter[] = [
  {
    refusal: 'no Host field',
    because: 'RFC 9112, section 3.2: 400 for HTTP/1.1 without Host (node:http checks it, llhttp does not)',
    example: 'GET / HTTP/1.1\r\n\r\n',
  },
  {
    refusal: 'more than one Host field',
    because: 'RFC 9112, section 3.2: 400',
    example: 'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
  },
  {
    refusal: 'malformed Host field',
    because: 'RFC 9112, section 3.2: 400',
    example: 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
  },
  {
    refusal: 'more than one Content-Type field',
    because:
      'RFC 9110, section 5.3: a singleton field; a filter and an application may choose different ones',
    example: `GET / HTTP/1.1\r\n${HOST}Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n`,
  },
  {
    refusal: 'unknown expectation',
    because: 'RFC 9110, section 10.1.1: 417',
    example: `GET / HTTP/1.1\r\n${HOST}Expect: tea\r\n\r\n`,
  },
  {
    refusal: 'unknown transfer coding',
    because: 'RFC 9112, section 6.1: 501 for a coding that is not understood, though chunked frames it',
    example: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: br, chunked\r\n\r\n0\r\n\r\n`,
  },
  {
    refusal: 'Transfer-Encoding in an HTTP/1.0 request',
    because: 'RFC 9112, section 6.1: such a message has faulty framing',
    example: 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  },
  {
    refusal: 'Transfer-Encoding does not end in chunked',
    because:
      'RFC 9112, section 6.1, also when an Upgrade is asked for: llhttp leaves what follows to the new protocol',
    example: `GET / HTTP/1.1\r\n${HOST}Connection: upgrade\r\nUpgrade: x\r\nTransfer-Encoding: gzip\r\n\r\n`,
  },
  {
    refusal: 'malformed or repeated Content-Length',
    because: 'more than fifteen digits, though leading zeros: no client writes them (RFC 9110, section 8.6)',
    example: `POST / HTTP/1.1\r\n${HOST}Content-Length: 0000000000000001\r\n\r\na`,
  },
  {
    refusal: 'malformed chunk size',
    because: 'more than twelve digits, or an extension without a name (RFC 9112, section 7.1.1)',
    example: `${CHUNKED}1;=b\r\na\r\n0\r\n\r\n`,
  },
  {
    refusal: 'field not allowed as a trailer',
    because: 'RFC 9110, section 6.5.1: fields that the head has been judged by must not come after it',
    example: `${CHUNKED}0\r\nCookie: a=b\r\n\r\n`,
  },
  {
    refusal: 'control character or bare line break in the request head',
    because: 'bare LF, or more than four empty lines, before the request line (RFC 9112, sections 2.2 and 3)',
    example: `\nGET / HTTP/1.1\r\n${HOST}\r\n`,
  },
  {
    refusal: 'malformed request line',
    because: 'single spaces (RFC 9112, section 3), and no HTTP/0.9, whose request line has no version',
    example: `GET  / HTTP/1.1\r\n${HOST}\r\n`,
  },
  {
    refusal: 'HTTP version is not 1.0 or 1.1',
    because: 'RFC 9110, section 15.6.6: 505; llhttp also takes 0.9 and 2.0',
    example: `GET / HTTP/2.0\r\n${HOST}\r\n`,
  },
  {
    refusal: 'malformed request target',
    because: 'RFC 9112, section 3.2.2: of the absolute forms only http and https are ours to answer',
    example: `GET ftp://a/ HTTP/1.1\r\n${HOST}\r\n`,
  },
  {
    refusal: 'malformed host in the request target',
    because: 'RFC 9110, section 4.2.1: an empty host is to be rejected; so is what is no host',
    example: `GET http:///a HTTP/1.1\r\n${HOST}\r\n`,
  },
  {
    refusal: 'malformed percent-encoding in the path',
    because: 'RFC 3986, section 2.1; and %00 can hide the end of a name',
    example: `GET /%zz HTTP/1.1\r\n${HOST}\r\n`,
  },
  {
    refusal: 'target * with a method other than OPTIONS',
    because: 'RFC 9112, section 3.2.4',
    example: `GET * HTTP/1.1\r\n${HOST}\r\n`,
  },
  {
    refusal: 'CONNECT target is not host:port',
    because: 'RFC 9112, section 3.2.3',
    example: `CONNECT /a HTTP/1.1\r\n${HOST}\r\n`,
  },
  {
    refusal: 'closed',
    because: 'RFC 9112, section 9.3: close goes before keep-alive, also in HTTP/1.0',
    example: 'GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n',
  },
];

interface Looser {
  readonly code: string;
  readonly holds: (head: RequestHead, text: string) => boolean;
  readonly because: string;
  readonly example: string;
}

const codingIs = (pattern: RegExp) => (head: RequestHead) =>
  pattern.test(head.block.fields.joined('transfer-encoding') ?? '');

/** What we take and llhttp refuses. None of these changes where a request ends. */
const LOOSER: Looser[] = [
  {
    code: 'HPE_INVALID_METHOD',
    holds: ({ method }) => !METHODS.includes(method),
    because: 'RFC 9110, section 9.1: any token may be a method; the application answers 405 or 501',
    example: `BREW / HTTP/1.1\r\n${HOST}\r\n`,
  },
  {
    code: 'HPE_INVALID_CONSTANT',
    holds: ({ method }) => ['ANNOUNCE', 'DESCRIBE', 'PLAY', 'SETUP', 'TEARDOWN', 'FLUSH'].includes(method),
    because: 'the same; llhttp keeps these methods for RTSP',
    example: `ANNOUNCE / HTTP/1.1\r\n${HOST}\r\n`,
  },
  {
    code: 'HPE_INVALID_URL',
    holds: ({ target }) => /[\x80-\xff]/.test(target),
    because: 'not in RFC 3986, but clients send raw UTF-8 and every server in front of Python takes it',
    example: `GET /\xc3\xa9 HTTP/1.1\r\n${HOST}\r\n`,
  },
  {
    code: 'HPE_STRICT',
    holds: (_, text) => /^[0-9a-f]+;(?:[^\r\n]*;)?[\t ]/im.test(text),
    because: 'RFC 9112, section 7.1.1 allows white space behind the semicolon of a chunk extension (BWS)',
    example: `${CHUNKED}1; a\r\nb\r\n0\r\n\r\n`,
  },
  {
    code: 'HPE_INVALID_TRANSFER_ENCODING',
    holds: codingIs(/^identity$/i),
    because: 'identity is no coding (it left HTTP with RFC 7230): the body is framed as if it were not there',
    example: `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: identity\r\n\r\n`,
  },
  {
    code: 'HPE_INVALID_CONTENT_LENGTH',
    holds: codingIs(/^identity$/i),
    because: 'the same',
    example: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\na`,
  },
];

const llhttp = new Llhttp();

/** `same`, or the class of the difference. Throws where the two see different requests, or differ without a reason. */
async function compare(text: string, theirText = text): Promise<string> {
  const ours = readRequests([bytes(text)]);
  const theirs = await llhttp.read(bytes(theirText));
  const complete = ours.requests.filter((request) => request.complete);
  const theirComplete = theirs.requests.filter((request) => request.complete);
  const common = Math.min(complete.length, theirComplete.length);
  assert.deepEqual(
    complete.slice(0, common).map(plain),
    theirComplete.slice(0, common),
    'different requests',
  );

  if (theirs.end === 'tunnel' && theirComplete.length === common) return 'same';
  if (complete.length < theirComplete.length) return stricter(ours);
  if (complete.length > theirComplete.length) return looser(complete[common]!.head, text, theirs);
  if (ours.end === 'closed') return 'same';
  const theyRefuse = theirs.end.startsWith('HPE_');
  if (typeof ours.end === 'number') return theyRefuse ? 'same' : stricter(ours);
  if (theyRefuse) return refusedEarlier(text, ours, theirs);
  const partial = (requests: { complete: boolean }[]) => requests.length - common;
  assert.equal(partial(ours.requests), partial(theirs.requests), 'different heads');
  assert.deepEqual(ours.requests.slice(common).map(plain), theirs.requests.slice(common), 'different heads');
  return 'same';
}

function plain({ head, body, trailers, complete }: ReadRequest): LlhttpReading['requests'][number] {
  const { method, target, version } = head;
  return { method, target, version, fields: pairs(head.block.fields), body, trailers, complete };
}

function stricter({ end, why }: Reading): string {
  // Without the name of a field, which may stand at the end.
  const refusal = (typeof end === 'number' ? why : end).replace(/: .*/, '');
  assert.ok(
    STRICTER.some((each) => each.refusal === refusal),
    `refused by us alone: ${refusal}`,
  );
  return refusal;
}

function looser(head: RequestHead, text: string, { end }: LlhttpReading): string {
  const known = LOOSER.find((each) => each.code === end && each.holds(head, text));
  assert.ok(known !== undefined, `refused by llhttp alone: ${end}`);
  return known.code;
}

/** llhttp has refused what we still wait for the rest of: a head or a trailer section, which we judge at its end. */
function refusedEarlier(text: string, ours: Reading, theirs: LlhttpReading): string {
  assert.equal(ours.end, 'mid-request', `refused by llhttp alone: ${theirs.end}`);
  const last = ours.requests.at(-1);
  const inBody = last !== undefined && !last.complete;
  const finished = readRequests([bytes(`${text}\r\n\r\n`)]);
  if (typeof finished.end === 'number' && (!inBody || /\bfield\b/.test(finished.why))) return 'same';
  return looser(finished.requests.at(-1)!.head, text, theirs);
}

test('each accepted difference is one', async () => {
  for (const { refusal, example } of STRICTER)
    assert.equal(await compare(example), refusal, JSON.stringify(example));
  for (const { code, example } of LOOSER) assert.equal(await compare(example), code, JSON.stringify(example));
});

test('the comparison is not blind', async () => {
  const request = `GET / HTTP/1.1\r\n${HOST}\r\n`;
  const post = (body: string) => `POST / HTTP/1.1\r\n${HOST}Content-Length: ${body.length}\r\n\r\n${body}`;
  const pairsOfTexts: [ours: string, theirs: string][] = [
    [request, ''],
    ['', request],
    [request + request, request],
    [request, request + request],
    [post('a'), post('b')],
    [post('a'), post('ab')],
    [post('ab').slice(0, -1), post('bb').slice(0, -1)],
    [request, request.replace('GET', 'PUT')],
    [request, request.replace('x', 'y')],
    [request, request.slice(0, -1)],
    [request, '\0'],
  ];
  for (const [ours, theirs] of pairsOfTexts)
    await assert.rejects(compare(ours, theirs), JSON.stringify([ours, theirs]));
});

test('no bytes are read as other requests than llhttp reads', async (t) => {
  const seed = Number(process.env.VIVARIUM_FUZZ_SEED ?? 1);
  const numRuns = Number(process.env.VIVARIUM_FUZZ_RUNS ?? 5000);
  const seen = new Map<string, number>();
  const property = fc.asyncProperty(spoiltBytes, async (text) => {
    const difference = await compare(text);
    seen.set(difference, (seen.get(difference) ?? 0) + 1);
  });
  await fc.assert(property, { seed, numRuns });
  t.diagnostic([...seen].map(([difference, count]) => `${count} ${difference}`).join(', '));
});
