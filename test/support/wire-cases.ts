/** Requests of test/apps/pep3333.py, and what is to come of them whatever the wire: the cases of test/conformance/. */
import assert from 'node:assert/strict';
import type { WholeResponse, WireRequest } from './wires.ts';

export const MEBIBYTE = 1 << 20;
/** The file at /static/page.txt. */
export const PAGE = 'a page of some length\n';

interface Expected {
  readonly status?: number;
  readonly fields?: Readonly<Record<string, string | readonly string[]>>;
  /** Fields that must not be there. */
  readonly no?: readonly string[];
  readonly text?: string | RegExp;
  readonly isComplete?: boolean;
}

/** Bodies may have up to 4 MiB. */
export const CASES: Record<string, [WireRequest, Expected]> = {
  'a short answer': [{ path: '/hello' }, { fields: { 'content-length': '6' }, text: 'hello\n' }],
  'an answer in blocks': [{ path: '/empty-blocks' }, { text: 'ab' }],
  'write() and blocks': [{ path: '/write' }, { text: 'written first, then returned\n' }],
  'an answer without a body': [{ path: '/no-body' }, { text: '' }],
  'two cookies': [{ path: '/cookies' }, { fields: { 'set-cookie': ['a=1; Path=/', 'b=2'] } }],
  'HEAD of a known length': [
    { method: 'HEAD', path: '/big?size=2000000' },
    { fields: { 'content-length': '2000000' }, text: '' },
  ],
  'HEAD of an unknown length': [{ method: 'HEAD', path: '/write' }, { text: '' }],
  204: [{ path: '/status?code=204&body=x' }, { status: 204, no: ['content-length'], text: '' }],
  304: [{ path: '/status?code=304&body=x' }, { status: 304, text: '' }],
  'a status with a body': [
    { path: '/status?code=418&body=x' },
    { status: 418, text: 'x', fields: { 'x-chosen': 'yes' } },
  ],
  'what an application says of the connection': [
    { path: '/hop-by-hop' },
    { text: '5\r\nhello\r\n0\r\n\r\n' },
  ],
  'a file by wsgi.file_wrapper': [{ path: '/file_wrapper?skip=3' }, { text: /^One WSGI application/ }],
  'an exception before the head': [
    { path: '/exc-before' },
    { status: 500, text: /500 Internal Server Error/ },
  ],
  'an exception after the head': [{ path: '/exc-after' }, { isComplete: false }],
  'an exception in blocks': [{ path: '/exc-after-chunked' }, { isComplete: false }],
  'fewer bytes than Content-Length': [{ path: '/wrong-length-short' }, { isComplete: false }],
  'more bytes than Content-Length': [{ path: '/wrong-length-long' }, { text: 'much ', isComplete: true }],
  'a field with a line break': [{ path: '/bad-header' }, { status: 500, no: ['x-injected'] }],

  'a static file': [
    { path: '/static/page.txt' },
    { text: PAGE, fields: { 'content-type': 'text/plain; charset=utf-8' } },
  ],
  'HEAD of a static file': [
    { method: 'HEAD', path: '/static/page.txt' },
    { text: '', fields: { 'content-length': String(PAGE.length) } },
  ],
  'a file that is not modified': [
    { path: '/static/page.txt', fields: { 'if-none-match': '*' } },
    { status: 304, text: '', no: ['content-length'] },
  ],
  'a condition that fails': [{ path: '/static/page.txt', fields: { 'if-match': '"x"' } }, { status: 412 }],
  'a range': [
    { path: '/static/page.txt', fields: { range: 'bytes=2-5' } },
    { status: 206, text: 'page', fields: { 'content-range': `bytes 2-5/${PAGE.length}` } },
  ],
  'two ranges': [
    { path: '/static/page.txt', fields: { range: 'bytes=0-0,2-5' } },
    { status: 206, text: /page/ },
  ],
  'a range that is not there': [
    { path: '/static/page.txt', fields: { range: 'bytes=99-' } },
    { status: 416 },
  ],
  'a hidden file': [{ path: '/static/.hidden' }, { status: 404 }],
  'a path that climbs': [{ path: '/static/%2e%2e/static/.hidden' }, { status: 404 }],
  'a method that files do not know': [
    { method: 'DELETE', path: '/static/page.txt' },
    { status: 405, fields: { allow: 'GET, HEAD' } },
  ],

  'a body that is too large': [
    { method: 'POST', path: '/upload', body: Buffer.alloc(5 * MEBIBYTE) },
    { status: 413 },
  ],
  'a streamed body that is too large': [
    { method: 'POST', path: '/upload', body: Buffer.alloc(5 * MEBIBYTE), isStreamed: true },
    { status: 413 },
  ],
  'a target that is too long': [{ path: `/${'a'.repeat(9000)}` }, { status: 414 }],
  'a field that is too long': [{ path: '/hello', fields: { 'x-long': 'a'.repeat(9000) } }, { status: 431 }],
  'a cookie that is too long': [{ path: '/hello', fields: { cookie: 'a'.repeat(9000) } }, { status: 431 }],
  'fields that are too many': [
    { path: '/hello', fields: Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`x-${n}`, 'a'])) },
    { status: 431 },
  ],
  'an escape that is none': [{ path: '/%zz' }, { status: 400 }],
  'a NUL in the path': [{ path: '/%00' }, { status: 400 }],
  'an expectation that nobody knows': [{ path: '/hello', fields: { expect: 'miracles' } }, { status: 417 }],
};

/** Whose environ is to be the same. */
export const ENVIRON: Record<string, WireRequest> = {
  'a plain request': { path: '/echo' },
  'a path with escapes, and a query': { path: '/echo?a=%20b&c=%C3%A9+d&&=' },
  'fields of all kinds': {
    path: '/echo',
    fields: {
      'x-one': ' a  b ',
      'x-empty': '',
      'x-latin': 'caf\xe9',
      'x-list': ['1', '2'],
      accept: 'text/html, */*;q=0.1',
      cookie: 'a=1; b=2; c="3"',
      'content-type': 'text/plain; charset=utf-8',
      'x-forwarded-for': '192.0.2.1',
      authorization: 'Basic eDp5',
    },
  },
  'fields that are not passed on': {
    path: '/echo',
    fields: { x_under: '1', proxy: 'http://evil/', 'x-kept': '1' },
  },
  'a body': { method: 'POST', path: '/echo', body: 'the body', fields: { 'content-type': 'text/x' } },
  'a body of unknown length': { method: 'PUT', path: '/echo', body: 'the body', isStreamed: true },
  'an empty body': { method: 'POST', path: '/echo', body: '' },
  'a method that nobody has heard of': { method: 'PROPFIND', path: '/echo', body: 'x' },
  DELETE: { method: 'DELETE', path: '/echo' },
};

export function assertExpected(found: WholeResponse, expected: Expected): void {
  const { status = 200, fields = {}, no = [], text, isComplete = true } = expected;
  assert.deepEqual([found.status, found.isComplete], [status, isComplete], found.text.slice(0, 200));
  for (const [name, value] of Object.entries(fields)) assert.deepEqual(found.fields[name], value, name);
  for (const name of no) assert.equal(found.fields[name], undefined, name);
  if (typeof text === 'string') assert.equal(found.text, text);
  else if (text !== undefined) assert.match(found.text, text);
}
