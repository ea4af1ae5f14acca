import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import fc from 'fast-check';
import { type ClientHello, readClientHello } from './client-hello.ts';
import { selfSigned } from './x509.ts';

/** The first bytes that a real client sends. */
function helloOf(options: tls.ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes: Buffer) => {
        socket.destroy();
        server.close();
        resolve(bytes);
      });
    });
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      tls.connect({ port, host: '127.0.0.1', ...options }).on('error', () => {});
    });
  });
}

function parsed(bytes: Buffer): ClientHello {
  const hello = readClientHello(bytes);
  assert.equal(typeof hello, 'object', String(hello));
  return hello as ClientHello;
}

const hello = await helloOf({ servername: 'Shop.Example', ALPNProtocols: ['h2', 'http/1.1'] });

test('says host and protocols', () => {
  const { serverName, protocols, ticketKeyNames } = parsed(hello);
  assert.equal(serverName, 'shop.example');
  assert.deepEqual(protocols, ['h2', 'http/1.1']);
  assert.deepEqual(ticketKeyNames, []);
});

test('without a host and protocols', async () => {
  const { serverName, protocols } = parsed(await helloOf({ maxVersion: 'TLSv1.2' }));
  assert.equal(serverName, null);
  assert.deepEqual(protocols, []);
});

test('is incomplete until its last byte', () => {
  for (let length = 0; length < hello.length; length++)
    assert.equal(readClientHello(hello.subarray(0, length)), 'incomplete');
});

test('may come in several records, and with bytes after it', () => {
  const body = hello.subarray(5);
  const record = (content: Buffer) => {
    const header = Buffer.from([22, 3, 1, 0, 0]);
    header.writeUInt16BE(content.length, 3);
    return Buffer.concat([header, content]);
  };
  for (const size of [1, 3, 100]) {
    const records = [];
    for (let at = 0; at < body.length; at += size) records.push(record(body.subarray(at, at + size)));
    const whole = Buffer.concat(records);
    assert.deepEqual(readClientHello(Buffer.concat([whole, Buffer.from('more')])), parsed(hello));
    assert.equal(readClientHello(whole.subarray(0, whole.length - 1)), 'incomplete');
  }
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`names the key of its ticket (${version})`, async (t) => {
    const ticketKeys = randomBytes(48);
    const { certificate: cert, key } = selfSigned({ names: ['a'], nowMs: Date.now(), lifetimeMs: 1e9 });
    const server = tls.createServer({ cert, key, ticketKeys, maxVersion: version }, (socket) => {
      socket.on('error', () => {});
      socket.end('x');
    });
    t.after(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const { port } = server.address() as net.AddressInfo;
    const session = await new Promise<Buffer>((resolve) => {
      const socket = tls.connect({ port, servername: 'a', host: '127.0.0.1', rejectUnauthorized: false });
      socket.on('session', (ticket) => {
        socket.destroy();
        resolve(ticket);
      });
      socket.on('error', () => {});
      socket.resume();
    });
    const { ticketKeyNames } = parsed(await helloOf({ session, servername: 'a' }));
    assert.deepEqual(ticketKeyNames, [ticketKeys.latin1Slice(0, 16)]);
  });
}

test('of plain HTTP is seen at its first byte', () => {
  assert.equal(readClientHello(Buffer.from('G')), 'plain');
  assert.equal(readClientHello(Buffer.from([0x80, 0x2e])), 'plain');
});

test('is refused when it claims to be huge, or is another message', () => {
  assert.equal(readClientHello(Buffer.from([22, 3, 1, 0, 4, 1, 1, 0, 0])), 'malformed');
  assert.equal(readClientHello(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 9])), 'malformed');
  assert.equal(readClientHello(Buffer.from([22, 3, 1, 0, 0])), 'malformed');
});

test('is refused when a host name has strange bytes, as if there was none', async () => {
  const strange = Buffer.from(hello);
  strange[strange.indexOf('Shop.Example')] = 0;
  assert.equal(parsed(strange).serverName, null);
});

test('throws for no bytes at all', () => {
  fc.assert(
    fc.property(fc.nat(hello.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }), (at, bytes) => {
      const broken = Buffer.from(hello);
      broken.set(bytes.subarray(0, broken.length - at), at);
      const result = readClientHello(broken);
      assert.ok(typeof result === 'object' || ['incomplete', 'plain', 'malformed'].includes(result));
    }),
    { numRuns: 3000 },
  );
});
