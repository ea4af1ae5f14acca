import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cutAt, readEvents } from '../../../test/support/gateway-events.ts';
import { DEFAULT_LIMITS, singleBytes } from '../../../test/support/read-requests.ts';
import { pair } from './name-value-pairs.ts';
import {
  ABORT_REQUEST,
  BEGIN_REQUEST,
  DATA,
  endRequest,
  GET_VALUES,
  GET_VALUES_RESULT,
  OVERLOADED,
  PARAMS,
  record,
  recordHeader,
  STDIN,
  STDOUT,
  UNKNOWN_ROLE,
  UNKNOWN_TYPE,
} from './records.ts';
import { FastCgiRequestDecoder, REQUESTS_MAX } from './request-decoder.ts';
import { STATES } from './request-states.ts';

const LIMITS = { ...DEFAULT_LIMITS, limitRequestHead: 400, limitRequestFields: 3 };
const ENVIRON = pair('REQUEST_METHOD', 'GET') + pair('REQUEST_URI', '/p');

const begin = (id: number, { role = 1, flags = 1 } = {}) =>
  record(BEGIN_REQUEST, id, `\0${String.fromCharCode(role, flags)}\0\0\0\0\0`);
const params = (id: number, text: string) => record(PARAMS, id, text);
const stdin = (id: number, text: string) => record(STDIN, id, text);
const head = (id: number, text = ENVIRON) => begin(id) + params(id, text) + params(id, '');

function read(...texts: string[]) {
  return readEvents(
    new FastCgiRequestDecoder(LIMITS),
    texts.map((text) => Buffer.from(text, 'latin1')),
  );
}

/** What happened, as text: `request 1`, `data 1 abc`. */
function told(...texts: string[]): string[] {
  const whole = read(...texts).map(({ event, id, text }) => `${event} ${id} ${text}`.trim());
  const bytes = Buffer.from(texts.join(''), 'latin1');
  const bytewise = readEvents(new FastCgiRequestDecoder(LIMITS), singleBytes(bytes));
  assert.deepEqual(
    bytewise.map(({ event, id, text }) => `${event} ${id} ${text}`.trim()),
    whole,
  );
  return whole;
}

describe('requests', () => {
  test('of example 1 (appendix B): no body', () => {
    const events = read(head(1) + stdin(1, ''));
    assert.deepEqual(
      events.map(({ event, id }) => [event, id]),
      [
        ['request', 1],
        ['end', 1],
      ],
    );
    const { method, path, contentLength } = events[0]!.request as Record<string, unknown>;
    assert.deepEqual([method, path, contentLength], ['GET', '/p', -1]);
  });

  test('of example 2: variables over several records, and a body', () => {
    const text = pair('REQUEST_METHOD', 'POST') + pair('REQUEST_URI', '/p') + pair('CONTENT_LENGTH', '25');
    for (let at = 1; at < text.length; at++)
      assert.deepEqual(
        told(
          begin(1) + params(1, text.slice(0, at)) + params(1, text.slice(at)) + params(1, ''),
          stdin(1, 'quantity=100&item=3047936') + stdin(1, ''),
        ),
        ['request 1', 'data 1 quantity=100&item=3047936', 'end 1'],
      );
  });

  test('of example 4: two at once', () => {
    assert.deepEqual(
      told(
        begin(1) + params(1, ENVIRON) + params(1, ''),
        begin(2) + params(2, ENVIRON) + stdin(1, '') + params(2, '') + stdin(2, ''),
      ),
      ['request 1', 'end 1', 'request 2', 'end 2'],
    );
  });

  test('whose bodies are mixed', () => {
    assert.deepEqual(
      told(head(1) + head(65_535) + stdin(1, 'ab') + stdin(65_535, 'x') + stdin(1, 'c') + stdin(1, '')),
      ['request 1', 'request 65535', 'data 1 ab', 'data 65535 x', 'data 1 c', 'end 1'],
    );
  });

  test('one after the other, with the same id', () => {
    const decoder = new FastCgiRequestDecoder(LIMITS);
    for (const flags of [1, 0]) {
      decoder.push(Buffer.from(begin(1, { flags }) + head(1).slice(16) + stdin(1, ''), 'latin1'));
      assert.deepEqual([decoder.next(), decoder.next(), decoder.next()], ['request', 'end', 'need-data']);
      assert.equal(decoder.keepsConnection, flags === 1);
    }
  });

  test('without a length have as much body as comes', () => {
    assert.deepEqual(told(head(1) + stdin(1, 'abc') + stdin(1, 'def') + stdin(1, '')), [
      'request 1',
      'data 1 abcdef',
      'end 1',
    ]);
  });
});

describe('requests that are given up', () => {
  test('by the web server, at any time', () => {
    const abort = record(ABORT_REQUEST, 1, '');
    assert.deepEqual(told(begin(1) + abort), [`reply 1 ${endRequest(1, 0, 0)}`]);
    assert.deepEqual(told(head(1) + abort + stdin(1, 'x')), ['request 1', 'abort 1']);
    assert.deepEqual(told(head(1) + stdin(1, '') + abort), ['request 1', 'end 1', 'abort 1']);
  });

  test('by the client, before its body was whole', () => {
    const text = ENVIRON + pair('CONTENT_LENGTH', '5');
    assert.deepEqual(told(head(1, text) + stdin(1, 'abc') + stdin(1, '')), [
      'request 1',
      'data 1 abc',
      'abort 1',
    ]);
  });
});

describe('questions about us', () => {
  const result = (text: string) => `reply 0 ${record(GET_VALUES_RESULT, 0, text)}`;
  test('are answered as far as we know', () => {
    const asked = ['FCGI_MPXS_CONNS', 'FCGI_MAX_REQS', 'FCGI_OTHER'].map((name) => pair(name, '')).join('');
    assert.deepEqual(told(record(GET_VALUES, 0, asked)), [
      result(pair('FCGI_MPXS_CONNS', '1') + pair('FCGI_MAX_REQS', '10000')),
    ]);
    assert.deepEqual(told(record(GET_VALUES, 0, '')), [result('')]);
    assert.deepEqual(told(record(GET_VALUES, 0, '\xff')), [result('')]);
  });

  test('of a type that is not known are answered so', () => {
    assert.deepEqual(told(record(200, 0, 'what?')), [
      `reply 0 ${record(UNKNOWN_TYPE, 0, '\xc8\0\0\0\0\0\0\0')}`,
    ]);
  });

  test('do not disturb a request', () => {
    assert.deepEqual(told(head(1) + record(GET_VALUES, 0, '') + stdin(1, 'a') + stdin(1, '')), [
      'request 1',
      result(''),
      'data 1 a',
      'end 1',
    ]);
  });
});

describe('what is refused', () => {
  test('other roles, each by END_REQUEST, and what comes of them is ignored', () => {
    for (const role of [0, 2, 3, 255])
      assert.deepEqual(told(begin(4, { role }) + params(4, 'x') + params(4, '') + stdin(4, '') + head(5)), [
        `reply 4 ${endRequest(4, 0, UNKNOWN_ROLE)}`,
        'request 5',
      ]);
  });

  test('other roles on a connection for one request, which ends with it', () => {
    const decoder = new FastCgiRequestDecoder(LIMITS);
    decoder.push(Buffer.from(begin(1, { role: 2, flags: 0 }), 'latin1'));
    assert.equal(decoder.next(), 'reply');
    assert.equal(decoder.keepsConnection, false);
  });

  test('a body behind its end is ignored', () => {
    assert.deepEqual(told(head(1) + stdin(1, '') + stdin(1, 'x') + params(1, 'x')), ['request 1', 'end 1']);
  });

  test('more requests at once than we take', () => {
    const ids = Array.from({ length: REQUESTS_MAX + 1 }, (_, index) => index + 1);
    assert.deepEqual(told(ids.map((id) => begin(id)).join('')), [
      `reply ${ids.length} ${endRequest(ids.length, 0, OVERLOADED)}`,
    ]);
  });

  test('a head beyond the limit, while it comes; others go on', () => {
    const long = ENVIRON + pair('X', 'x'.repeat(400));
    assert.deepEqual(told(head(1, long) + stdin(1, 'abc') + stdin(1, '') + head(2)), [
      'refused 1 431',
      'request 2',
    ]);
  });

  test('variables that are no request', () => {
    assert.deepEqual(told(head(1, pair('REQUEST_METHOD', 'G E T')) + stdin(1, '')), ['refused 1 400']);
    assert.deepEqual(told(head(1, '') + stdin(1, '')), ['refused 1 400']);
    assert.deepEqual(told(head(1, `${ENVIRON}\x05`) + stdin(1, '')), ['refused 1 400']);
  });

  const broken: Record<string, string> = {
    HTTP: 'GET / HTTP/1.1\r\n\r\n',
    'a record of an application': head(1) + record(STDOUT, 1, 'x'),
    'a type that is not known, of a request': record(12, 1, 'x'),
    'a BEGIN_REQUEST that is too short': record(BEGIN_REQUEST, 1, '\0\x01'),
    'a request that begins twice': begin(1) + begin(1),
    'a body before the variables have ended': begin(1) + stdin(1, 'x'),
    'variables behind their end': head(1) + params(1, 'x'),
    'more body than was declared': head(1, ENVIRON + pair('CONTENT_LENGTH', '2')) + stdin(1, 'abc'),
    'a request without an id': begin(0),
    'a file for a filter': head(1) + record(DATA, 1, 'x'),
    'a long record': recordHeader(GET_VALUES, 0, 65_535),
  };
  for (const [what, text] of Object.entries(broken))
    test(what, () => assert.match(told(text).at(-1)!, /^broken \d+ 400$/));
});

test('the table of states has no way out that nothing leads to, and none that leads nowhere', () => {
  const states = Object.keys(STATES);
  const targets = Object.values(STATES).flatMap((row) => Object.values(row));
  assert.deepEqual(new Set(targets), new Set(states));
  for (const row of Object.values(STATES)) assert.equal(row.abort, 'idle');
});

const id = fc.constantFrom(0, 1, 2);
const type = fc.integer({ min: 0, max: 12 });
const anyRecord = fc.oneof(
  fc.tuple(type, id, fc.string({ maxLength: 12 })).map((parts) => record(...parts)),
  id.map((each) => begin(each)),
  id.map((each) => params(each, ENVIRON)),
  id.map((each) => params(each, '')),
  id.map((each) => stdin(each, '')),
);
const spoilt = fc
  .tuple(fc.array(anyRecord, { maxLength: 12 }), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }))
  .map(([records, changes]) => {
    const bytes = Buffer.from(records.join(''), 'latin1');
    for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
    return bytes;
  });

test('any split of any bytes gives the same events', () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
  fc.assert(
    fc.property(spoilt, cuts, (bytes, shares) => {
      const whole = readEvents(new FastCgiRequestDecoder(LIMITS), [bytes]);
      assert.deepEqual(readEvents(new FastCgiRequestDecoder(LIMITS), cutAt(bytes, shares)), whole);
      assert.deepEqual(readEvents(new FastCgiRequestDecoder(LIMITS), singleBytes(bytes)), whole);
    }),
    { numRuns: 1500 },
  );
});

test('a request cut off at any byte never becomes whole', () => {
  const text = head(1) + stdin(1, 'abc') + stdin(1, '');
  for (let at = 0; at < text.length; at++)
    assert.ok(
      read(text.slice(0, at)).every(({ event }) => event === 'request' || event === 'data'),
      `cut at ${at}`,
    );
});
