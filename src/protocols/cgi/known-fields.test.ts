import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_LIMITS } from '../../../test/support/read-requests.ts';
import { pair } from '../fastcgi/name-value-pairs.ts';
import { record } from '../fastcgi/records.ts';
import { FastCgiRequestDecoder } from '../fastcgi/request-decoder.ts';
import type { RequestDecoder } from '../gateway-protocol.ts';
import { ScgiRequestDecoder } from '../scgi/request-decoder.ts';
import { packetHeader, variable } from '../uwsgi/packets.ts';
import { UwsgiRequestDecoder } from '../uwsgi/request-decoder.ts';
import type { GatewayRequest } from './gateway-request.ts';

type Environ = readonly (readonly [name: string, value: string])[];
type Limits = typeof DEFAULT_LIMITS;

const joined = (environ: Environ, write: (name: string, value: string) => string) =>
  environ.map(([name, value]) => write(name, value)).join('');

/** The same variables as each protocol writes them. */
const PROTOCOLS: Record<string, (environ: Environ, limits: Limits) => [RequestDecoder, string]> = {
  uwsgi: (environ, limits) => {
    const block = joined(environ, variable);
    return [new UwsgiRequestDecoder(limits), packetHeader(0, block.length) + block];
  },
  fastcgi: (environ, limits) => {
    const begin = record(1, 1, '\0\x01\0\0\0\0\0\0');
    return [
      new FastCgiRequestDecoder(limits),
      begin + record(4, 1, joined(environ, pair)) + record(4, 1, ''),
    ];
  },
  scgi: (environ, limits) => {
    const length = environ.find(([name]) => name === 'CONTENT_LENGTH')?.[1] || '0';
    const others = environ.filter(([name]) => name !== 'CONTENT_LENGTH');
    const all: Environ = [['CONTENT_LENGTH', length], ['SCGI', '1'], ...others];
    const text = joined(all, (name, value) => `${name}\0${value}\0`);
    return [new ScgiRequestDecoder(limits), `${text.length}:${text},`];
  },
};

type Told = GatewayRequest | string;

for (const [name, written] of Object.entries(PROTOCOLS)) {
  const read = (environ: Environ, limits: Limits = DEFAULT_LIMITS): Told => {
    const [decoder, bytes] = written(environ, limits);
    decoder.push(Buffer.from(bytes, 'latin1'));
    return decoder.next() === 'request' ? decoder.request! : decoder.fault!.why;
  };
  const get = (...environ: Environ): GatewayRequest =>
    read([['REQUEST_METHOD', 'GET'], ['REQUEST_URI', '/'], ...environ]) as GatewayRequest;
  const listed = ({ fields }: GatewayRequest) =>
    fields.names.map(({ raw }, i) => `${raw}: ${fields.values[i]}`);

  test(`${name}: requests that end in the same fields share them`, () => {
    const fields: Environ = [
      ['HTTP_HOST', 'shop.example'],
      ['HTTP_ACCEPT', name],
    ];
    const first = get(['REMOTE_PORT', '1'], ...fields);
    const second = get(['REMOTE_PORT', '2'], ['DOCUMENT_ROOT', '/x'], ...fields);
    assert.equal(second.fields, first.fields);
    assert.deepEqual([first.remotePort, second.remotePort], [1, 2]);
    assert.deepEqual(listed(second), [`Accept: ${name}`, 'Host: shop.example']);
    assert.equal(second.authority, 'shop.example');
    assert.notEqual(get(['HTTP_HOST', 'other.example'], ['HTTP_ACCEPT', name]).fields, first.fields);
  });

  test(`${name}: a body does not become one of other requests`, () => {
    const fields: Environ = [['HTTP_X_BODY', name]];
    const told: Environ = [
      ['REQUEST_METHOD', 'POST'],
      ['REQUEST_URI', '/'],
      ['CONTENT_TYPE', 'text/plain'],
      ['CONTENT_LENGTH', '3'],
    ];
    const all = [`X-Body: ${name}`, 'Content-Type: text/plain', 'Content-Length: 3'];
    assert.deepEqual(listed(read([...told, ...fields]) as GatewayRequest), all);
    assert.deepEqual(listed(get(...fields)), [`X-Body: ${name}`]);
    assert.deepEqual(listed(read([...told, ...fields]) as GatewayRequest), all);
    assert.deepEqual(listed(get(...fields)), [`X-Body: ${name}`]);
  });

  test(`${name}: a variable behind the fields is one of its request alone`, () => {
    const told = (user: string) => get(['HTTP_ACCEPT', 'z'], ['REMOTE_USER', user]).variables;
    assert.deepEqual(
      [told('ann'), told('bob'), told('ann')].map((each) => each.at(-1)),
      ['ann', 'bob', 'ann'],
    );
  });

  test(`${name}: fields that are known are not known to be within other limits`, () => {
    const environ: Environ = [
      ['REQUEST_METHOD', 'GET'],
      ['REQUEST_URI', '/'],
      ['HTTP_LONG', name.repeat(20)],
    ];
    assert.equal(typeof read(environ), 'object');
    assert.equal(
      read(environ, { ...DEFAULT_LIMITS, limitRequestFieldSize: 20 }),
      'field longer than limit-request-field-size',
    );
  });

  test(`${name}: the second time is as the first`, () => {
    const anyName = fc.constantFrom(
      ...['HTTP_HOST', 'HTTP_A', 'HTTP_B_C', 'HTTP_COOKIE', 'HTTP_CONTENT_LENGTH', 'HTTP_PROXY', 'HTTP_'],
      ...['CONTENT_TYPE', 'CONTENT_LENGTH', 'QUERY_STRING', 'REMOTE_USER', 'SERVER_NAME', 'X'],
    );
    const anyValue = fc.constantFrom('', 'a', 'HTTP_A', '7', 'a\nb', '\xe9', 'x'.repeat(200));
    const anyMethod = fc.constantFrom('GET', 'POST');
    fc.assert(
      fc.property(anyMethod, fc.array(fc.tuple(anyName, anyValue), { maxLength: 8 }), (method, more) => {
        const environ: Environ = [['REQUEST_METHOD', method], ['REQUEST_URI', '/'], ...more];
        // Others than these limits have never been seen: the first time is without what is known.
        const limits = { ...DEFAULT_LIMITS };
        assert.deepEqual(read(environ, limits), read(environ, limits));
      }),
    );
  });
}
