import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readEvents } from '../../test/support/gateway-events.ts';
import { DEFAULT_LIMITS, singleBytes } from '../../test/support/read-requests.ts';
import { GATEWAY_PROTOCOLS } from './gateway-protocols.ts';

const SETTINGS = { ...DEFAULT_LIMITS, ajp: { secret: '', packetBytes: 8192 } };

for (const [name, protocol] of Object.entries(GATEWAY_PROTOCOLS)) {
  test(`${name}: what is broken stays broken`, () => {
    const noise = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(noise, (bytes) => {
        const decoder = protocol.server.requestDecoder(SETTINGS);
        if (readEvents(decoder, singleBytes(bytes)).at(-1)?.event !== 'broken') return;
        decoder.push(Buffer.from(bytes));
        assert.equal(decoder.next(), 'broken');
        assert.ok(decoder.fault !== null);
      }),
    );
  });
}
