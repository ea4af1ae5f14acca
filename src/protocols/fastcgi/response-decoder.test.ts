import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  inPieces,
  RESPONSE_LIMITS,
  type ResponseReading,
  readResponse,
} from '../../../test/support/read-responses.ts';
import type { ResponseLimits } from '../http1/response-reading.ts';
import {
  CANT_MPX_CONN,
  END_REQUEST,
  endRequest,
  OVERLOADED,
  record,
  recordHeader,
  STDERR,
  STDIN,
  STDOUT,
  UNKNOWN_ROLE,
  UNKNOWN_TYPE,
} from './records.ts';
import { FastCgiResponseDecoder } from './response-decoder.ts';

const decoder = (limits: ResponseLimits) => new FastCgiResponseDecoder(limits);
const out = (text: string) => record(STDOUT, 1, text);
const err = (text: string) => record(STDERR, 1, text);
const END = endRequest(1, 0, 0);

/** Whatever the pieces in which it comes, the reading is the same. Of two faults the one that is seen first is said. */
function read(text: string, { method = 'GET', closes = false } = {}): ResponseReading {
  const options = { method, closes, decoder };
  const whole = readResponse(inPieces(text, text.length || 1), options);
  for (const size of [1, 2, 3, 7, 8]) {
    const { restBytes: _, fault, ...cut } = readResponse(inPieces(text, size), options);
    const { restBytes: __, fault: faultOfWhole, ...expected } = whole;
    assert.equal(fault === null, faultOfWhole === null);
    assert.deepEqual(cut, expected, `in pieces of ${size}: ${JSON.stringify(text)}`);
  }
  return whole;
}

describe('answers', () => {
  test('of example 1 (appendix B)', () => {
    const { heads, body, end } = read(
      out('Content-type: text/html\r\n\r\n<html>\n<head> ... ') + out('') + END,
    );
    assert.deepEqual(heads, [{ status: 200, reason: '', fields: ['Content-type', 'text/html'] }]);
    assert.deepEqual({ body, end }, { body: '<html>\n<head> ... ', end: 'kept' });
  });

  test('of example 3: an error text between, an exit status, a body over two records', () => {
    const text =
      out('Content-type: text/html\r\n\r\n<ht') +
      err('config error: missing SI_UID\n') +
      out('ml>\n<head> ... ') +
      out('') +
      err('') +
      endRequest(1, 938, 0);
    const { body, stderr, end } = read(text);
    assert.deepEqual(
      { body, stderr, end },
      { body: '<html>\n<head> ... ', stderr: 'config error: missing SI_UID\n', end: 'kept' },
    );
  });

  test('whose head fills several records', () => {
    const { heads, body } = read(`${[...'Status: 404 No\r\nA: b\r\n\r\nx'].map(out).join('')}${END}`);
    assert.deepEqual(heads, [{ status: 404, reason: 'No', fields: ['A', 'b'] }]);
    assert.equal(body, 'x');
  });

  test('with a length end at END_REQUEST, and bytes behind the length are dropped', () => {
    const text = `${out('Content-Length: 5\r\n\r\nhello')}${out(', and more')}${END}`;
    const { body, end, restBytes } = read(text);
    assert.deepEqual({ body, end, restBytes }, { body: 'hello', end: 'kept', restBytes: 0 });
  });

  test('have no body for HEAD, even if one is sent', () => {
    const { body, end } = read(out('Content-Length: 5\r\n\r\nhello') + out('') + END, { method: 'HEAD' });
    assert.deepEqual({ body, end }, { body: '', end: 'kept' });
  });

  test('that are whole may end with the connection in place of END_REQUEST', () => {
    const whole = read(out('Content-Length: 5\r\n\r\nhello'), { closes: true });
    assert.deepEqual([whole.body, whole.end], ['hello', 'closed']);
    for (const text of ['Content-Length: 6\r\n\r\nhello', 'A: b\r\n\r\nhello', 'A: b\r\n'])
      assert.equal(read(out(text), { closes: true }).end, 'broken');
  });

  test('follow one another on one connection', () => {
    const parser = decoder(RESPONSE_LIMITS);
    for (const body of ['first', 'second']) {
      parser.expect('GET');
      assert.equal(parser.keepsConnection, false);
      parser.push(Buffer.from(out(`A: b\r\n\r\n${body}`) + END, 'latin1'));
      assert.equal(parser.next(), 'head');
      assert.equal(parser.next(), 'data');
      assert.equal(parser.data.toString(), body);
      assert.equal(parser.next(), 'end');
      assert.equal(parser.keepsConnection, true);
      assert.equal(parser.pending, 0);
    }
  });

  test('come whole when all of it is there', () => {
    for (const [text, isWhole] of [
      [out('Content-Length: 5\r\n\r\nhello') + out('') + END, true],
      [out('Content-Length: 5\r\n\r\nhello') + END, true],
      [out('Content-Length: 5\r\n\r\nhello') + out(''), false],
      [out('Content-Length: 5\r\n\r\nhel') + out('lo') + END, false],
      [out('Content-Length: 5\r\n\r\nhello') + err('oh') + END, false],
      [out('\r\n\r\nhello') + END, false],
    ] as const) {
      const parser = decoder(RESPONSE_LIMITS);
      parser.expect('GET');
      parser.push(Buffer.from(text, 'latin1'));
      parser.next();
      assert.equal(parser.takeWhole()?.toString() ?? null, isWhole ? 'hello' : null, JSON.stringify(text));
      assert.equal(parser.keepsConnection, isWhole);
    }
  });

  test('may stand among answers to questions about the application', () => {
    const { body, end } = read(
      `${record(UNKNOWN_TYPE, 0, '\x09\0\0\0\0\0\0\0')}${out('A: b\r\n\r\nx')}${END}`,
    );
    assert.deepEqual({ body, end }, { body: 'x', end: 'kept' });
  });
});

describe('what is refused', () => {
  const faults: [what: string, text: string, fault: RegExp][] = [
    ['HTTP', 'HTTP/1.1 200 OK\r\n\r\n', /not FastCGI 1.0 \(first byte 72\)/],
    ['another version', `\x02${out('A: b\r\n\r\n').slice(1)}`, /first byte 2/],
    ['an answer to another request', record(STDOUT, 2, 'A: b\r\n\r\n') + END, /request 2/],
    ['a record for the other direction', record(STDIN, 1, 'x'), /type 5/],
    ['a type that is not known', record(12, 1, 'x'), /type 12/],
    ['the end before the head', out('A: b\r\n') + END, /before the head/],
    ['the end within the body', out('Content-Length: 6\r\n\r\nhello') + END, /within the answer/],
    ['one request at a time', endRequest(1, 0, CANT_MPX_CONN), /one request at a time/],
    ['no room', endRequest(1, 0, OVERLOADED), /overloaded/],
    ['another role', endRequest(1, 0, UNKNOWN_ROLE), /no responder/],
    ['a status that is none', endRequest(1, 0, 99), /END_REQUEST/],
    ['an end without a status', record(END_REQUEST, 1, ''), /END_REQUEST/],
    ['a change of protocols', out('Status: 101 Switching\r\n\r\n'), /another protocol/],
    ['a head that is none', out('<html>\r\n\r\n'), /malformed field line/],
    ['a head that never ends', out(`A: ${'b'.repeat(65_000)}`) + out('b'.repeat(1000)), /more than 65536/],
    ['a long record', recordHeader(END_REQUEST, 1, 65_535), /type 3 with 65535 bytes/],
  ];
  for (const [what, text, fault] of faults)
    test(what, () => {
      for (const size of text.length > 1000 ? [text.length, 4096] : [text.length, 1, 3, 8]) {
        const reading = readResponse(inPieces(text, size), { decoder });
        assert.equal(reading.end, 'broken');
        assert.match(reading.fault!, fault);
      }
    });

  test('a record that nobody has asked for', () => {
    const parser = decoder(RESPONSE_LIMITS);
    parser.push(Buffer.from(out('A: b\r\n\r\n'), 'latin1'));
    assert.equal(parser.next(), 'broken');
    assert.match(parser.fault!, /nobody has asked/);
  });
});

const piece = fc.oneof(
  fc.constantFrom(out('Content-Length: 3\r\n\r\nabc'), out('A: b\r\n\r\n'), out('x'), out(''), err('e'), END),
  fc.string({ unit: 'binary-ascii', maxLength: 20 }),
);

test('anything, in any pieces, is read in the same way and ends', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.nat(), fc.nat(255), (parts, at, byte) => {
      let text = parts.join('');
      // One byte of it is spoilt, where there is one.
      if (text !== '') {
        const index = at % text.length;
        text = text.slice(0, index) + String.fromCharCode(byte) + text.slice(index + 1);
      }
      read(text, { closes: true });
    }),
    { numRuns: 1000 },
  );
});

test('memory is bound by the head that may come, however much is sent', () => {
  const parser = decoder(RESPONSE_LIMITS);
  parser.expect('GET');
  for (let sent = 0; sent < 4 << 20; ) {
    const chunk = Buffer.from(recordHeader(STDERR, 1, 65_528) + 'e'.repeat(65_528), 'latin1');
    parser.push(chunk);
    sent += chunk.length;
    while (parser.next() === 'stderr');
    parser.hold();
    assert.equal(parser.pending, 0);
  }
});
