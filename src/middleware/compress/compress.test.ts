import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brotliDecompressSync, constants, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import type { CodingName, CompressSettings } from '../../config/sections/compress.ts';
import type { Exchange, FieldList } from '../../exchange.ts';
import type { Handler } from '../../handler.ts';
import { createLog } from '../../telemetry/log.ts';
import { compress } from './compress.ts';

const SETTINGS: CompressSettings = {
  codings: ['zstd', 'br', 'gzip'],
  types: ['text/*', 'application/json', 'application/*+json', 'image/svg+xml'],
  minSize: 100,
  levels: { gzip: 5, br: 4, zstd: 3 },
  maxStreams: 2,
};

const decode: Readonly<Record<CodingName, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes),
  br: (bytes) => brotliDecompressSync(bytes),
  zstd: (bytes) => zstdDecompressSync(bytes),
};
const CODINGS = Object.keys(decode) as CodingName[];

const TEXT: FieldList = ['Content-Type', 'text/plain; charset=utf-8'];
const small = 'Hello, hello, hello! '.repeat(100);
const large = Buffer.from('There is a lot to say about this. '.repeat(40_000));

const messages: string[] = [];
const log = createLog('test', 'info', (line) => messages.push(line.replace(/^.*?\[test\] /, '').trim()));

function middleware(changes: Partial<CompressSettings> = {}) {
  return compress({ ...SETTINGS, ...changes }, { log });
}

const wanting = (coding: string, request: FakeRequest = {}): FakeRequest => ({
  ...request,
  fields: { 'Accept-Encoding': coding, ...request.fields },
});

/** What a client gets that wants `accept`. */
async function ask(accept: string, handler: Handler, request: FakeRequest = {}): Promise<FakeExchange> {
  const exchange = new FakeExchange(wanting(accept, request));
  middleware()(handler)(exchange);
  await exchange.finished;
  return exchange;
}

const bodyOf = (exchange: FakeExchange): Buffer => Buffer.concat(exchange.chunks);

function assertAsItIs(exchange: FakeExchange, why: string): void {
  assert.equal(exchange.field('content-encoding'), null, why);
}

describe('what is compressed', () => {
  for (const coding of CODINGS) {
    test(`${coding}: a small answer, a large one, and one that is made bit by bit`, async () => {
      const whole = await ask(coding, (x) => x.respond(200, TEXT, small));
      assert.equal(whole.field('content-encoding'), coding);
      assert.equal(whole.field('vary'), 'Accept-Encoding');
      assert.ok(whole.bodyBytesSent < small.length / 5);
      assert.equal(decode[coding](bodyOf(whole)).toString(), small);

      const big = await ask(coding, (x) => x.respond(200, TEXT, large));
      assert.equal(big.field('content-length'), null);
      assert.ok(decode[coding](bodyOf(big)).equals(large));

      const parts = await ask(coding, (x) => {
        x.start(200, TEXT);
        for (let i = 0; i < 10; i++) x.write(i % 2 === 0 ? small : Buffer.from(small));
        x.end();
      });
      assert.equal(decode[coding](bodyOf(parts)).toString(), small.repeat(10));
    });
  }

  test('an answer of a declared length, to its last byte', async () => {
    for (const coding of CODINGS) {
      const exchange = await ask(coding, (x) => {
        x.start(200, [...TEXT, 'Content-Length', String(large.length)]);
        for (let at = 0; at < large.length; at += 50_000) x.write(large.subarray(at, at + 50_000));
        x.end();
      });
      assert.ok(decode[coding](bodyOf(exchange)).equals(large), coding);
      assert.equal(exchange.field('content-length'), null);
    }
  });

  test('not what is short, of another type, encoded, partial, or not to be changed', async () => {
    const cases: readonly (readonly [string, number, FieldList, string])[] = [
      ['short', 200, TEXT, 'x'.repeat(99)],
      ['empty', 200, TEXT, ''],
      ['an image', 200, ['Content-Type', 'image/png'], small],
      ['without a type', 200, [], small],
      ['encoded', 200, [...TEXT, 'Content-Encoding', 'br'], small],
      ['partial', 206, [...TEXT, 'Content-Range', 'bytes 0-2099/5000'], small],
      ['no-transform', 200, [...TEXT, 'Cache-Control', 'public, No-Transform'], small],
      ['with a digest', 200, [...TEXT, 'Content-Digest', 'sha-256=:abc=:'], small],
      ['no content', 204, TEXT, ''],
    ];
    for (const [why, status, fields, body] of cases) {
      const exchange = await ask('gzip', (x) => x.respond(status, fields, body));
      assert.deepEqual(exchange.responseFields, fields, why);
      assert.equal(exchange.text, body, why);
    }
  });

  test('types are compared without case and parameters, and a star stands for one part', async () => {
    const cases: readonly (readonly [string, boolean])[] = [
      ['TEXT/HTML;charset=utf-8', true],
      ['application/problem+json', true],
      ['application/json ; a=b', true],
      ['application/jsonp', false],
      ['xtext/plain', false],
      ['text/a/b', false],
      ['imageXsvg+xml', false],
    ];
    for (const [type, isCompressed] of cases) {
      const exchange = await ask('gzip', (x) => x.respond(200, ['content-type', type], small));
      assert.equal(exchange.field('content-encoding'), isCompressed ? 'gzip' : null, type);
    }
  });

  test('errors as well', async () => {
    for (const status of [404, 500]) {
      const exchange = await ask('br', (x) => x.respond(status, TEXT, small));
      assert.equal(exchange.field('content-encoding'), 'br');
    }
  });

  test('everything for a client that refuses anything else', async () => {
    const exchange = await ask('gzip, identity;q=0', (x) => x.respond(200, [], 'ok'));
    assert.equal(gunzipSync(bodyOf(exchange)).toString(), 'ok');
    assertAsItIs(await ask('identity;q=0', (x) => x.respond(200, TEXT, small)), 'no coding that we know');
  });
});

describe('header fields', () => {
  const fieldsOf = async (fields: FieldList, accept = 'gzip', request: FakeRequest = {}) =>
    ask(accept, (x) => x.respond(200, [...TEXT, ...fields], small), request);

  test('Vary is added, completed or left, also where this client gets the answer as it is', async () => {
    for (const accept of ['gzip', 'identity', '']) {
      const vary = async (fields: FieldList) => (await fieldsOf(fields, accept)).field('vary');
      assert.equal(await vary([]), 'Accept-Encoding');
      assert.equal(await vary(['Vary', 'Cookie']), 'Cookie, Accept-Encoding');
      assert.equal(await vary(['Vary', 'Cookie, accept-encoding']), 'Cookie, accept-encoding');
      assert.equal(await vary(['Vary', '*']), '*');
      assert.equal(await vary(['Vary', 'X-Accept-Encoding']), 'X-Accept-Encoding, Accept-Encoding');
    }
    const two = await fieldsOf(['Vary', 'Cookie', 'vary', 'Origin']);
    assert.deepEqual(
      two.responseFields.filter((_, i) => two.responseFields[i - 1]?.toLowerCase() === 'vary'),
      ['Cookie', 'Origin, Accept-Encoding'],
    );
  });

  test('a strong entity tag becomes a weak one, the length is that of what is sent, and ranges are not offered', async () => {
    const fields = ['ETag', '"v1"', 'Content-Length', String(small.length), 'Accept-Ranges', 'bytes'];
    const compressed = await fieldsOf(fields);
    assert.equal(compressed.field('etag'), 'W/"v1"');
    assert.equal(compressed.field('accept-ranges'), null);
    assert.equal(compressed.field('content-length'), null, 'the exchange declares it');
    assert.equal((await fieldsOf(['ETag', 'W/"v1"'])).field('etag'), 'W/"v1"');
    const asItIs = await fieldsOf(fields, 'identity');
    assert.equal(asItIs.field('etag'), '"v1"');
    assert.equal(asItIs.field('accept-ranges'), 'bytes');
  });

  test('"not modified" has the tag that the client knows', async () => {
    const etagFor = async (ifNoneMatch: string) => {
      const handler: Handler = (x) => x.respond(304, ['ETag', '"v1"'], '');
      const exchange = await ask(
        'gzip',
        handler,
        wanting('gzip', { fields: { 'If-None-Match': ifNoneMatch } }),
      );
      return [exchange.field('etag'), exchange.field('vary')];
    };
    assert.deepEqual(await etagFor('W/"v1"'), ['W/"v1"', 'Accept-Encoding']);
    assert.deepEqual(await etagFor('"v0", W/"v1"'), ['W/"v1"', 'Accept-Encoding']);
    assert.deepEqual(await etagFor('"v1"'), ['"v1"', null]);
  });

  test('of HEAD are those of GET, without a length', async () => {
    const head = { method: 'HEAD' };
    const length = ['Content-Length', String(small.length)];
    const byApplication = await ask(
      'br',
      (x) => x.respond(200, [...TEXT, ...length, 'ETag', '"a"'], ''),
      head,
    );
    const started = await ask(
      'br',
      (x) => {
        x.start(200, [...TEXT, ...length, 'ETag', '"a"']);
        x.end();
      },
      head,
    );
    for (const exchange of [byApplication, started]) {
      assert.equal(exchange.field('content-encoding'), 'br');
      assert.equal(exchange.field('content-length'), null);
      assert.equal(exchange.field('etag'), 'W/"a"');
      assert.equal(exchange.bodyBytesSent, 0);
    }
    assertAsItIs(
      await ask('br', (x) => x.respond(200, [...TEXT, 'Content-Length', '99'], ''), head),
      'short',
    );
  });
});

describe('an answer in the making', () => {
  /** A started answer whose handler is the test. */
  function open(accept: string, fields: FieldList = TEXT, changes: Partial<CompressSettings> = {}) {
    const client = new FakeExchange(wanting(accept));
    let handler!: Exchange;
    middleware(changes)((x) => {
      handler = x;
      x.start(200, fields);
    })(client);
    return { client, handler };
  }

  for (const coding of CODINGS) {
    test(`${coding}: an event is there before the next one is written`, async () => {
      const { client, handler } = open(coding, ['Content-Type', 'text/event-stream']);
      for (let i = 1; i <= 3; i++) {
        const arrived = new Promise<void>((resolve) => {
          client.onWrite = () => {
            if (decodable(coding, bodyOf(client)).includes(`data: ${i}\n\n`)) resolve();
          };
        });
        handler.write(`data: ${i}\n\n`);
        await arrived;
      }
      handler.end();
      await client.finished;
      assert.equal(decode[coding](bodyOf(client)).toString(), 'data: 1\n\ndata: 2\n\ndata: 3\n\n');
    });
  }

  test('has its trailers behind what is compressed', async () => {
    const { client, handler } = open('gzip');
    handler.write(small);
    handler.end(['X-Check', 'sum']);
    await client.finished;
    assert.deepEqual(client.trailers, ['X-Check', 'sum']);
    assert.equal(gunzipSync(bodyOf(client)).toString(), small);
  });

  test('goes at the pace of a slow client, and holds its handler back', async () => {
    const { client, handler } = open('gzip', TEXT);
    client.roomBytes = 1;
    // What does not get smaller: all that is written has to wait somewhere.
    const noise = Buffer.alloc(8192);
    let written = 0;
    const next = () => {
      for (let i = 0; i < noise.length; i++) noise[i] = (Math.random() * 256) | 0;
      written += noise.length;
      return handler.write(Buffer.from(noise));
    };
    const stopped = new Promise<void>((resolve) => {
      const go = () => {
        while (next()) if (written > 1_000_000) return resolve();
        setImmediate(() => (client.chunks.length > 0 && client.roomBytes <= 0 ? resolve() : go()));
      };
      handler.onDrain = go;
      go();
    });
    await stopped;
    assert.ok(written < 300_000, `${written} bytes were taken from the handler`);
    handler.onDrain = null;
    handler.end();
    client.drain(Number.POSITIVE_INFINITY);
    await client.finished;
    assert.equal(gunzipSync(bodyOf(client)).length, written);
  });

  test('ends with its client, and the handler hears of it', async () => {
    const { client, handler } = open('gzip');
    handler.write(large);
    let isTold = false;
    handler.onGone = () => {
      isTold = true;
    };
    client.leave();
    assert.ok(isTold);
    const sent = client.bodyBytesSent;
    handler.write(large);
    handler.end();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(client.bodyBytesSent, sent);
  });

  test('that is whole is of no interest to its handler any more', async () => {
    const { client, handler } = open('gzip');
    handler.onGone = () => assert.fail('the handler has given everything');
    handler.write(large);
    handler.end();
    client.leave();
    assert.equal(client.outcome, 'client-gone');
  });

  test('is cut when it is given up', async () => {
    const { client, handler } = open('gzip');
    handler.write(small);
    handler.abort(500, 'no more');
    await client.finished;
    assert.equal(client.outcome, 'aborted');
  });

  test('that is shorter than it says is cut, a longer one is cut off, and the log says so', async () => {
    messages.length = 0;
    const short = open('gzip', [...TEXT, 'Content-Length', '500']);
    short.handler.write('x'.repeat(499));
    short.handler.end();
    await short.client.finished;
    assert.equal(short.client.outcome, 'aborted');

    const long = open('zstd', [...TEXT, 'Content-Length', '500']);
    long.handler.write('x'.repeat(499));
    long.handler.write('yz');
    long.handler.write('z');
    long.handler.end();
    await long.client.finished;
    assert.equal(zstdDecompressSync(bodyOf(long.client)).toString(), `${'x'.repeat(499)}y`);
    assert.match(
      messages[0]!,
      /^response-length: .* Content-Length 500 but 499 bytes of body: the connection is closed$/,
    );
    assert.match(messages[1]!, /^response-length: .* Content-Length 500 but 501 bytes of body: cut off$/);
  });

  test('of a false length at once is left to the exchange', async () => {
    const exchange = await ask('gzip', (x) => x.respond(200, [...TEXT, 'Content-Length', '5'], small));
    assertAsItIs(exchange, 'a false length');
    assert.equal(exchange.field('content-length'), '5');
  });

  test('beyond the limit goes as it is, until another one has ended', async () => {
    const wrap = middleware({ maxStreams: 1 });
    const start = () => {
      const client = new FakeExchange(wanting('gzip'));
      let handler!: Exchange;
      wrap((x) => {
        handler = x;
        x.start(200, TEXT);
      })(client);
      return { client, handler };
    };
    const first = start();
    const second = start();
    assert.equal(first.client.field('content-encoding'), 'gzip');
    assertAsItIs(second.client, 'the second');
    assert.equal(second.client.field('vary'), 'Accept-Encoding');
    const whole = new FakeExchange(wanting('gzip'));
    wrap((x) => x.respond(200, TEXT, large))(whole);
    assert.ok(bodyOf(whole).equals(large));
    first.client.leave();
    let third = start();
    while (third.client.field('content-encoding') === null) {
      await new Promise((resolve) => setImmediate(resolve));
      third = start();
    }
    assert.equal(third.client.field('content-encoding'), 'gzip');
  });
});

test('an answer that is given again is compressed once', async () => {
  const fields = Object.freeze([...TEXT, 'ETag', '"f"']);
  const body = Buffer.from(small);
  const wrap = middleware()((x) => x.respond(200, fields, body));
  const answers = Array.from({ length: 3 }, () => new FakeExchange(wanting('gzip')));
  const lists = answers.map((exchange) => {
    wrap(exchange);
    return exchange.responseFields;
  });
  assert.equal(lists[0], lists[1]);
  assert.ok(Object.isFrozen(lists[0]));
  assert.equal(gunzipSync(bodyOf(answers[2]!)).toString(), small);

  const other = new FakeExchange(wanting('gzip'));
  middleware()((x) => x.respond(200, fields, Buffer.from('another body'.repeat(20))))(other);
  assert.equal(gunzipSync(bodyOf(other)).toString(), 'another body'.repeat(20));
});

/** What can be read of an answer that is not whole. */
function decodable(coding: CodingName, bytes: Buffer): string {
  try {
    return partial[coding](bytes).toString();
  } catch {
    return '';
  }
}

const partial: typeof decode = {
  gzip: (bytes) => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
  br: (bytes) => brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: (bytes) => zstdDecompressSync(bytes, { finishFlush: constants.ZSTD_e_flush }),
};
