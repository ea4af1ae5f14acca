/**
 * The public request corpora of gunicorn and llhttp as judges of the HTTP/1.1 parser. They lie beside the repository,
 * in ../shared/corpora; without that folder these tests are skipped.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { HeadLimits } from '../../src/protocols/http1/request-head.ts';
import { RequestParser } from '../../src/protocols/http1/request-parser.ts';
import {
  bytes,
  DEFAULT_LIMITS,
  pairs,
  type Reading,
  type ReadRequest,
  readRequests,
  singleBytes,
  summary,
} from '../support/read-requests.ts';

const FOLDER = new URL('../../../shared/corpora/', import.meta.url);
const skip = existsSync(FOLDER) ? false : 'no folder ../shared/corpora beside the repository';

const ADDED_HOST = 'added.example';
/** gunicorn's defaults. It has no limit for the sum of the fields. */
const GUNICORN_LIMITS: HeadLimits = {
  limitRequestLine: 4094,
  limitRequestFields: 100,
  limitRequestFieldSize: 8190,
  limitRequestHead: 1_000_000,
};

interface GunicornCase {
  name: string;
  bytes: string;
  settings: Record<string, unknown>;
  requests?: {
    method: string;
    uri: { raw: string; path: string; query: string };
    version: [number, number];
    headers: [string, string][];
    body: string;
    trailers?: [string, string][];
  }[];
  error?: string[];
}

interface LlhttpMessage {
  method: string;
  url: string;
  body: string;
}

interface LlhttpCase {
  name: string;
  meta: { type: string; skipBody?: boolean };
  bytes: string;
  complete: LlhttpMessage[];
  error: boolean;
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').latin1Slice();
}

function cases<T>(file: string): T[] {
  return skip === false ? JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')).cases : [];
}

/**
 * RFC 9112, section 3.2, obliges us to refuse HTTP/1.1 without Host, which the corpora often leave out. This adds it to
 * the heads that are refused for nothing else, at their end.
 */
function withHost(text: string, limits: HeadLimits): string {
  const parser = new RequestParser(limits);
  for (let at = 0; at < text.length; at++) {
    parser.push(bytes(text[at]!));
    for (let event = parser.next(); event !== 'need-data'; event = parser.next()) {
      if (event === 'end' && !parser.head!.block.keepAlive) return text;
      if (event !== 'refused') continue;
      if (parser.refusal!.why !== 'no Host field') return text;
      return withHost(`${text.slice(0, at - 1)}Host: ${ADDED_HOST}\r\n${text.slice(at - 1)}`, limits);
    }
  }
  return text;
}

/** Without the field that `withHost` added. */
function fieldsOf({ head }: ReadRequest): string[][] {
  return pairs(head.block.fields).filter(([, value]) => value !== ADDED_HOST);
}

/** Reads a case whole and in single bytes, which must not differ. */
function read(text: string, limits: HeadLimits): Reading {
  const reading = readRequests([bytes(text)], limits);
  assert.deepEqual(summary(readRequests(singleBytes(bytes(text)), limits)), summary(reading));
  return reading;
}

const gunicorn = cases<GunicornCase>('gunicorn_requests.json').filter(
  ({ settings }) => Object.keys(settings).length === 0,
);

function agreesWithGunicorn({ requests, error }: GunicornCase, { requests: ours, end }: Reading): void {
  if (requests === undefined) {
    assert.ok(ours.every(({ complete }) => !complete));
    if (error?.includes('NoMoreData') || error?.includes('ChunkMissingTerminator'))
      assert.equal(end, 'mid-request');
    else assert.equal(typeof end, 'number');
    return;
  }
  const seen = ours.map((request) => ({
    ...{ method: request.head.method, target: request.head.target, query: request.head.query },
    path: request.head.method === 'CONNECT' ? request.head.target : request.head.path,
    version: request.head.version,
    // gunicorn drops them while it parses, we when we make the environ.
    fields: fieldsOf(request).filter(([name]) => !name!.includes('_')),
    ...{ body: request.body, trailers: request.trailers, complete: request.complete },
  }));
  const lower = (fields: string[][]) => fields.map(([name, value]) => [name!.toLowerCase(), value]);
  const expected = requests.map(({ method, uri, version, headers, body, trailers }) => ({
    ...{ method, target: uri.raw, query: uri.query, path: uri.path },
    version: `HTTP/${version.join('.')}`,
    fields: lower(headers),
    ...{ body: fromBase64(body), trailers: lower(trailers ?? []), complete: !isCutOff(headers, body) },
  }));
  assert.deepEqual(seen, expected);
  const last = ours.at(-1)!;
  assert.equal(
    end,
    !last.complete ? 'mid-request' : last.head.block.keepAlive ? 'between-requests' : 'closed',
  );
}

/** One case ends before the body that it announces. */
function isCutOff(headers: string[][], body: string): boolean {
  const length = headers.find(([name]) => name === 'CONTENT-LENGTH')?.[1];
  return length !== undefined && Number(length) > fromBase64(body).length;
}

test('gunicorn: every case that needs no setting', { skip }, () => {
  assert.equal(gunicorn.length, 113);
  for (const each of gunicorn) {
    const asItIs = fromBase64(each.bytes);
    const completed = withHost(asItIs, GUNICORN_LIMITS);
    try {
      agreesWithGunicorn(each, read(completed, GUNICORN_LIMITS));
      const reading = read(asItIs, GUNICORN_LIMITS);
      if (completed === asItIs) agreesWithGunicorn(each, reading);
      else assert.equal(reading.end, 400, 'without Host');
    } catch (cause) {
      throw new Error(`${each.name}: ${JSON.stringify(completed)}`, { cause });
    }
  }
});

/** llhttp's strict cases of HTTP: no leniency, no callback that skips a body. Two hold pieces of documentation. */
const llhttp = cases<LlhttpCase>('llhttp_requests.json').filter(({ meta, bytes, error }) => {
  const text = fromBase64(bytes);
  const otherProtocol = !error && / (?:ICE|RTSP)\/1\.0\r\n/.test(text);
  return meta.type === 'request' && !meta.skipBody && !otherProtocol && !text.includes('```');
});

const DIFFERENCES: Record<string, string> = {
  'sample.md: No HTTP version': 'HTTP/0.9 is no part of RFC 9112: 400',
  'method.md: CONNECT with body':
    'we open no tunnels, so that Content-Length frames the body of a CONNECT like any other (RFC 9112, section 6.3); it is answered and never forwarded',
  'method.md: M-SEARCH request': 'the target * belongs to OPTIONS alone (RFC 9112, section 3.2.4)',
  'uri.md: Disallow UTF-8 in URI path in strict mode':
    'clients do send raw UTF-8, and the servers that Python applications know (and the corpus of gunicorn) take it',
  'transfer-encoding.md: POST with `Transfer-Encoding` and `Content-Length`':
    'the coding is identity, which is none: Content-Length frames the body, as in the corpus of gunicorn',
  'content-length.md: Error on simultaneous `Content-Length` and `Transfer-Encoding: identity`': 'the same',
  'invalid.md: HTTP protocol and ANNOUNCE method':
    'any token is a method (RFC 9110, section 9.1); the application answers 405 or 501',
  'invalid.md: Invalid method': 'the same',
};

function agreesWithLlhttp({ complete, error }: LlhttpCase, text: string): void {
  const { requests, end } = read(text, DEFAULT_LIMITS);
  const ours = requests.filter((request) => request.complete);
  const seen = ours.map(({ head, body }) => ({ method: head.method, url: head.target, body }));
  assert.deepEqual(
    seen,
    complete.map(({ method, url, body }) => ({ method, url, body })),
  );
  // An error behind a complete request is llhttp's way to stop: the connection closes or changes its protocol.
  const mustRefuse = error && complete.length === 0;
  // Some heads are refused in their middle by llhttp and at their end by us.
  const judged =
    mustRefuse && requests.length === 0 && end === 'mid-request'
      ? read(`${text}\r\n\r\n`, DEFAULT_LIMITS).end
      : end;
  assert.equal(typeof judged === 'number', mustRefuse, `ended with ${judged}`);
}

test('llhttp: every strict case, or the reason why not', { skip }, () => {
  assert.equal(llhttp.length, 110);
  const unexplained: string[] = [];
  const unused = new Set(Object.keys(DIFFERENCES));
  for (const each of llhttp) {
    const text = withHost(fromBase64(each.bytes), DEFAULT_LIMITS);
    try {
      agreesWithLlhttp(each, text);
    } catch (error) {
      if (!unused.delete(each.name)) unexplained.push(`${each.name}: ${JSON.stringify(text)}: ${error}`);
    }
  }
  assert.deepEqual(unexplained, []);
  assert.deepEqual([...unused], [], 'explanations of differences that are none');
});
