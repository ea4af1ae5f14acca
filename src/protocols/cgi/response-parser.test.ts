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
import { CgiResponseParser } from './response-parser.ts';

const decoder = (limits: ResponseLimits) => new CgiResponseParser(limits);

/** Whatever the pieces in which it comes, the reading is the same. */
function read(text: string, { method = 'GET', closes = true } = {}): ResponseReading {
  const options = { method, closes, decoder };
  const whole = readResponse(inPieces(text, text.length || 1), options);
  for (const size of [1, 2, 3, 7]) {
    const { fault: _, restBytes: __, ...cut } = readResponse(inPieces(text, size), options);
    const { fault: ___, restBytes: ____, ...expected } = whole;
    assert.deepEqual(cut, expected, `in pieces of ${size}: ${JSON.stringify(text)}`);
  }
  return whole;
}

describe('the status', () => {
  const heads: [what: string, head: string, status: number, reason: string][] = [
    ['a Status field', 'Status: 404 Not Found\r\nContent-Type: a/b\r\n', 404, 'Not Found'],
    ['a Status field in any case', 'content-type: a/b\r\nstatus: 201\r\n', 201, ''],
    ['the status line that uWSGI sends', 'HTTP/1.1 403 Forbidden\r\nA: b\r\n', 403, 'Forbidden'],
    ['a status line counts before a Status field', 'HTTP/1.0 200 OK\r\nStatus: 500 No\r\n', 200, 'OK'],
    ['nothing', 'Content-Type: a/b\r\n', 200, ''],
    ['a Location alone', 'Location: http://a/b\r\n', 302, ''],
    ['a Location with a status', 'Status: 201 Created\r\nLocation: /b\r\n', 201, 'Created'],
    ['lines that end in LF alone', 'Status: 404 Not Found\nContent-Type: a/b\n', 404, 'Not Found'],
    ['lines that end in both', 'Status: 404 Not Found\r\nContent-Type: a/b\n', 404, 'Not Found'],
  ];
  for (const [what, head, status, reason] of heads) {
    test(what, () => {
      for (const end of ['\r\n', '\n']) {
        const reading = read(`${head + end}body`);
        assert.equal(reading.heads[0]!.status, status);
        assert.equal(reading.heads[0]!.reason, reason);
        assert.equal(reading.body, 'body');
        assert.equal(reading.end, 'closed');
        assert.ok(!reading.heads[0]!.fields.some((field) => field.toLowerCase() === 'status'));
      }
    });
  }

  test('a path in Location, and no status: a local redirect', () => {
    const redirectOf = (text: string) => {
      const parser = decoder(RESPONSE_LIMITS);
      parser.expect('GET');
      parser.push(Buffer.from(text));
      assert.equal(parser.next(), 'head');
      return parser.head!.localRedirect;
    };
    assert.equal(redirectOf('Location: /other?a=1\r\n\r\n'), '/other?a=1');
    assert.equal(redirectOf('Location: http://host/other\r\n\r\n'), null);
    assert.equal(redirectOf('Status: 302 Found\r\nLocation: /other\r\n\r\n'), null);
    assert.equal(redirectOf('HTTP/1.1 200 OK\r\nLocation: /other\r\n\r\n'), null);
  });
});

describe('the body', () => {
  const head = 'Status: 200 OK\r\n';
  test('goes on to the end of the stream', () => {
    assert.equal(read(`${head}\r\nhello`, { closes: false }).end, 'need-data');
    const { body, end } = read(`${head}\r\nhello`);
    assert.deepEqual({ body, end }, { body: 'hello', end: 'closed' });
  });

  test('ends where Content-Length says, whatever follows', () => {
    const { body, end } = read(`${head}Content-Length: 5\r\n\r\nhello, and more`, { closes: false });
    assert.deepEqual({ body, end }, { body: 'hello', end: 'closed' });
  });

  test('may not be shorter than Content-Length', () => {
    const { end, fault } = read(`${head}Content-Length: 6\r\n\r\nhello`);
    assert.equal(end, 'broken');
    assert.match(fault!, /the end of the stream within the answer/);
  });

  for (const [what, text, method] of [
    ['HEAD', `${head}Content-Length: 5\r\n\r\nhello`, 'HEAD'],
    ['204', 'Status: 204 No Content\r\n\r\nhello', 'GET'],
    ['304', 'Status: 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 'GET'],
  ] as const)
    test(`there is none with ${what}`, () => {
      const { body, end } = read(text, { method });
      assert.deepEqual({ body, end }, { body: '', end: 'closed' });
    });

  test('comes whole when it is there', () => {
    const parser = decoder(RESPONSE_LIMITS);
    parser.expect('GET');
    parser.push(Buffer.from(`${head}Content-Length: 5\r\n\r\nhello`));
    assert.equal(parser.next(), 'head');
    assert.equal(parser.takeWhole()!.toString(), 'hello');
    assert.equal(parser.keepsConnection, false);
  });

  test('of another protocol', () => {
    const { end, heads } = read('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00', {
      closes: false,
    });
    assert.equal(end, 'switched');
    assert.equal(heads[0]!.status, 101);
  });
});

describe('what is refused', () => {
  const faults: [what: string, text: string, fault: RegExp][] = [
    ['nothing at all', '', /before the head/],
    ['the end within the head', 'Status: 200 OK\r\nA: ', /before the head/],
    ['no field', '\r\n\r\nhello', /malformed field line|without fields/],
    ['no field, with LF', '\nhello\n', /malformed field line|without fields/],
    ['a status that is none', 'Status: fine\r\n\r\n', /malformed status/],
    ['a status beyond the classes', 'Status: 600 No\r\n\r\n', /malformed status/],
    ['an interim status', 'Status: 103 Early\r\n\r\n', /interim status 103/],
    ['two statuses', 'Status: 200 OK\r\nStatus: 404 No\r\n\r\n', /more than one Status/],
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello', /more than one Content-Length/],
    ['a length that is none', 'Content-Length: +5\r\n\r\nhello', /malformed Content-Length/],
    ['a transfer coding', 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n', /Transfer-Encoding/],
    ['a folded line', 'A: b\r\n c\r\n\r\n', /malformed field line/],
    ['a space before the colon', 'A : b\r\n\r\n', /malformed field line/],
    ['a line without a colon', 'Status: 200 OK\r\n<html>\r\n\r\n', /malformed field line/],
    ['a CR within a line', 'A: b\rSet-Cookie: c\r\n\r\n', /control character/],
    ['a NUL', 'A: b\0\r\n\r\n', /control character/],
    ['garbage that never ends a line', '\x16\x03\x01'.repeat(30), /control character/],
    ['too many fields', `${'A: b\r\n'.repeat(201)}\r\n`, /more than 200 fields/],
    ['a head that is too long', `A: ${'b'.repeat(70_000)}\r\n\r\n`, /more than 65536 bytes/],
    ['a head that never ends', `A: ${'b'.repeat(70_000)}`, /more than 65536 bytes/],
  ];
  for (const [what, text, fault] of faults)
    test(what, () => {
      const sizes = text.length > 1000 ? [text.length, 4096] : [text.length || 1, 1, 2, 5];
      for (const size of sizes) {
        const reading = readResponse(inPieces(text, size), { closes: true, decoder });
        assert.equal(reading.end, 'broken');
        assert.match(reading.fault!, fault);
        assert.deepEqual(reading.heads, []);
      }
    });
});

test('any bytes, in any pieces: never a throw, never a loop, and the same reading', () => {
  const line = fc.constantFrom(
    'Status: 200 OK',
    'HTTP/1.1 200 OK',
    'Content-Length: 3',
    'Location: /',
    'A: b',
    '',
    'x',
  );
  const text = fc
    .array(
      fc.tuple(
        fc.oneof({ weight: 5, arbitrary: line }, fc.string({ unit: 'binary', maxLength: 8 })),
        fc.constantFrom('\r\n', '\n', '\r', ''),
      ),
      { maxLength: 8 },
    )
    .map((lines) => Buffer.from(lines.flat().join(''), 'utf8').latin1Slice());
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 9 }), (bytes, size) => {
      const options = { closes: true, decoder };
      const { fault: _, restBytes: __, ...whole } = readResponse(inPieces(bytes, bytes.length || 1), options);
      const { fault: ___, restBytes: ____, ...cut } = readResponse(inPieces(bytes, size), options);
      assert.deepEqual(cut, whole);
    }),
    { numRuns: 2000 },
  );
});
