/** TLS with real clients: certificates by name, versions, sessions, and what happens to those who do it wrong. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { curl, sClient, writeCertificate, writeRsaCertificate } from '../support/certificates.ts';
import { makeFolder } from '../support/folder.ts';
import { NO_PROC, pidsOf } from '../support/processes.ts';
import { openTls, openTlsClient, startTlsServer, type TlsServer } from '../support/tls-server.ts';
import { APPS, runVivarium } from '../support/vivarium.ts';

const APP = [`${APPS}pep3333.py`, '--processes', '1'];

const folder = mkdtempSync(join(tmpdir(), 'vivarium-test-'));
let server: TlsServer;
before(async () => {
  writeCertificate(folder, 'first', ['first.example', '127.0.0.1']);
  writeRsaCertificate(folder, 'rsa', 'first.example');
  writeCertificate(folder, 'wild', ['*.wild.example']);
  const certificates = ['first', 'rsa', 'wild'].flatMap((name) => ['--ssl-certificate', `${folder}/${name}`]);
  const policy = ['--hsts-policy', 'max-age=600', '--https-only'];
  server = await startTlsServer([...APP, ...certificates, ...policy, '--limit-request-body', '0']);
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const url = (path: string) => `https://127.0.0.1:${server.httpsPort}${path}`;
const trusted = (name = 'first') => ['--cacert', `${folder}/${name}.crt`];
const subjectOf = (text: string) => /subject=.*CN = (\S+)/.exec(text)?.[1];

test('curl trusts the certificate, and the application sees https', async () => {
  const [body, status] = (await curl(...trusted(), url('/environ'))).split('\n');
  assert.equal(status, '200');
  const environ = JSON.parse(body!);
  assert.equal(environ['wsgi.url_scheme'], 'https');
  assert.equal(environ.SERVER_PORT, String(server.httpsPort));
});

describe('the certificate', () => {
  const asked = (name: string, ...args: string[]) =>
    sClient(server.httpsPort, ['-servername', name, ...args]).then(subjectOf);

  test('is the one that names the host', async () => {
    assert.equal(await asked('a.wild.example'), '*.wild.example');
    assert.equal(await asked('first.example'), 'first.example');
  });

  test('is the first one for unknown hosts and for none', async () => {
    assert.equal(await asked('unknown.example'), 'first.example');
    assert.equal(subjectOf(await sClient(server.httpsPort, ['-noservername'])), 'first.example');
  });

  test('has the kind of key that the client can check', async () => {
    const withKey = (algorithms: string) =>
      sClient(server.httpsPort, ['-servername', 'first.example', '-sigalgs', algorithms]);
    assert.match(await withKey('RSA-PSS+SHA256'), /Peer signature type: RSA-PSS/i);
    assert.match(await withKey('ECDSA+SHA256'), /Peer signature type: ECDSA/i);
  });
});

describe('versions', () => {
  test('are 1.2 and 1.3', async () => {
    assert.match(await sClient(server.httpsPort, ['-tls1_2']), /New, TLSv1\.2/);
    assert.match(await sClient(server.httpsPort, ['-tls1_3']), /New, TLSv1\.3/);
    const old = await sClient(server.httpsPort, ['-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0']);
    assert.match(old, /alert protocol version|no protocols available/);
  });

  test('can be 1.3 alone', async (t) => {
    const strict = await startTlsServer([
      ...APP,
      '--ssl-certificate',
      `${folder}/first`,
      '--ssl-protocol-min',
      'tls1.3',
    ]);
    t.after(() => strict.stop());
    assert.match(await sClient(strict.httpsPort, ['-tls1_2']), /alert protocol version/);
    assert.match(await sClient(strict.httpsPort, ['-tls1_3']), /New, TLSv1\.3/);
  });
});

describe('sessions', () => {
  for (const version of ['-tls1_2', '-tls1_3']) {
    test(`are resumed, also by the next gateway (${version})`, { skip: NO_PROC }, async () => {
      const session = `${folder}/session${version}`;
      const args = [version, '-servername', 'first.example'];
      const request = 'GET /hello HTTP/1.0\r\n\r\n';
      const first = await sClient(server.httpsPort, [...args, '-ign_eof', '-sess_out', session], request);
      assert.match(first, /New, TLSv/);
      const again = () => sClient(server.httpsPort, [...args, '-ign_eof', '-sess_in', session], request);
      assert.match(await again(), /Reused, TLSv/);
      const from = server.output.length;
      const [gateway] = pidsOf(server, 'vivarium-gateway');
      process.kill(gateway!, 'SIGKILL');
      await server.waitForOutput(/gateway-replaced/, from);
      assert.match(await again(), /Reused, TLSv/);
    });
  }

  test('of one host are of no use for another', async () => {
    const session = `${folder}/session-other`;
    await sClient(server.httpsPort, ['-tls1_2', '-servername', 'first.example', '-sess_out', session]);
    const other = ['-tls1_2', '-servername', 'a.wild.example', '-sess_in', session];
    const text = await sClient(server.httpsPort, other);
    assert.match(text, /New, TLSv1\.2/);
    assert.equal(subjectOf(text), '*.wild.example');
  });
});

describe('a connection by TLS', () => {
  test('is kept, takes pipelined requests, large uploads and large answers', async (t) => {
    const client = await openTlsClient(server.httpsPort);
    t.after(() => client.close());
    await client.send('GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n');
    for (let n = 0; n < 2; n++) assert.equal((await client.readResponse()).text, 'hello\n');
    const body = 'x'.repeat(3_000_000);
    await client.request('POST /upload', [`Content-Length: ${body.length}`], body);
    assert.match((await client.readResponse()).text, /3000000/);
    const answer = await client.get('/big?size=5000000');
    assert.equal(answer.status, 200);
    assert.equal(answer.text.length, 5_000_000);
  });

  test('that is cut in an answer of HTTP/1.0 ends without close_notify, and the server goes on', async () => {
    const text = await sClient(server.httpsPort, ['-ign_eof'], 'GET /exc-after-chunked HTTP/1.0\r\n\r\n');
    assert.match(text, /unexpected eof|errno=0|Connection reset/i);
    assert.equal((await curl(...trusted(), url('/hello'))).split('\n')[0], 'hello');
  });

  test('that a client leaves in an answer does no harm', async () => {
    const socket = await openTls(server.httpsPort);
    socket.write('GET /big?size=50000000 HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    socket.end();
    socket.destroy();
    assert.equal((await curl(...trusted(), url('/hello'))).split('\n')[0], 'hello');
  });
});

describe('HTTP and HTTPS', () => {
  test('https-only sends plain requests to the HTTPS port', async () => {
    const text = await curl('-i', `http://127.0.0.1:${server.port}/a?b=c`);
    assert.match(text, /^HTTP\/1\.1 308 /);
    assert.ok(text.toLowerCase().includes(`\r\nlocation: ${url('/a?b=c')}\r\n`), text);
    assert.doesNotMatch(text, /strict-transport/i);
  });

  test('the policy stands once in answers by TLS, also in errors', async () => {
    for (const path of ['/hello', '/status?code=404', '/no-start']) {
      const text = await curl('-i', ...trusted(), url(path));
      assert.equal(text.match(/^strict-transport-security: max-age=600\r$/gim)?.length, 1, text);
    }
  });

  test('plain HTTP to the HTTPS port is told so: 400', async () => {
    const text = await curl(`http://127.0.0.1:${server.httpsPort}/`);
    assert.equal(text, 'The plain HTTP request was sent to an HTTPS port.\n\n400');
  });
});

describe('a client that does it wrong', () => {
  let hasty: TlsServer;
  before(async () => {
    const limits = ['--ssl-handshake-timeout', '1500ms', '--max-handshakes', '3', '--ssl-strict-sni'];
    hasty = await startTlsServer([...APP, '--ssl-certificate', `${folder}/first`, ...limits]);
  });
  after(() => hasty.stop());

  const open = async () => {
    const socket = connect(hasty.httpsPort, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };

  test('and says nothing is let go', async () => {
    const socket = await open();
    socket.resume();
    await once(socket, 'close');
  });

  test('and stops in its hello, or after it, is let go', async () => {
    const hello = await new Promise<Buffer>((resolve) => {
      const listener = openHello(resolve);
      listener.catch(() => {});
    });
    for (const bytes of [hello.subarray(0, 40), hello]) {
      const socket = await open();
      socket.write(bytes);
      socket.resume();
      await once(socket, 'close');
    }
  });

  test('and sends rubbish is let go at once', async () => {
    for (const bytes of [
      Buffer.from([22, 3, 1, 0, 4, 1, 1, 0, 0]),
      Buffer.concat([Buffer.from([22, 3, 1, 2, 0]), Buffer.alloc(512, 0xff)]),
      Buffer.concat([Buffer.from([22, 3, 1, 0, 48, 1, 0, 0, 44]), Buffer.alloc(44)]),
    ]) {
      const socket = await open();
      socket.write(bytes);
      socket.resume();
      await once(socket, 'close');
    }
    await goesOn();
  });

  test('and names a host without a certificate gets unrecognized_name where only known ones are served', async () => {
    assert.match(await sClient(hasty.httpsPort, ['-servername', 'unknown.example']), /unrecognized name/);
    assert.match(await sClient(hasty.httpsPort, ['-servername', 'first.example']), /New, TLSv1/);
  });

  test('comes in crowds: handshakes beyond the limit are closed, and the others go on', async () => {
    const crowd = await Promise.all(Array.from({ length: 12 }, open));
    const closed = crowd.map((socket) => {
      socket.resume();
      return once(socket, 'close');
    });
    await Promise.all(closed);
    await goesOn();
  });

  async function goesOn(): Promise<void> {
    const client = await openTlsClient(hasty.httpsPort, { servername: 'first.example' });
    assert.equal((await client.get('/hello')).text, 'hello\n');
    client.close();
  }
});

/** The hello of a usual client, on a way that leads nowhere. */
async function openHello(resolve: (bytes: Buffer) => void): Promise<void> {
  const { createServer } = await import('node:net');
  const sink = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes: Buffer) => {
      socket.destroy();
      sink.close();
      resolve(bytes);
    });
  });
  sink.listen(0, '127.0.0.1', () => {
    const { port } = sink.address() as { port: number };
    openTls(port, { servername: 'first.example' }).catch(() => {});
  });
}

test('changed files are used without a restart, and broken ones are not', async (t) => {
  const own = makeFolder(t);
  writeCertificate(own, 'site', ['one.example']);
  const changing = await startTlsServer([...APP, '--ssl-certificate', `${own}/site`]);
  t.after(() => changing.stop());
  const subject = async () => subjectOf(await sClient(changing.httpsPort, []));
  const kept = await openTlsClient(changing.httpsPort);
  t.after(() => kept.close());
  assert.equal(await subject(), 'one.example');

  let from = changing.output.length;
  writeFileSync(`${own}/site.crt`, 'nothing');
  await changing.waitForOutput(/certificate-refused: .*site\.crt: there is no certificate/, from);
  assert.equal(await subject(), 'one.example');

  from = changing.output.length;
  writeCertificate(own, 'site', ['two.example']);
  await changing.waitForOutput(/certificate-loaded: .*site\.crt/, from);
  assert.equal(await subject(), 'two.example');
  assert.equal((await kept.get('/hello')).text, 'hello\n');

  // A gateway that starts later has it, too.
  from = changing.output.length;
  changing.signal('SIGHUP');
  await changing.waitForOutput(/reload-finished/, from);
  assert.equal(await subject(), 'two.example');
});

test('a certificate of our own is made with one flag, and kept', async (t) => {
  const env = { XDG_DATA_HOME: makeFolder(t) };
  const file = `${env.XDG_DATA_HOME}/vivarium/self-signed.pem`;
  for (let n = 0; n < 2; n++) {
    const own = await startTlsServer([...APP, '--https-self-signed'], { env });
    t.after(() => own.stop());
    if (n === 0) copyFileSync(file, `${file}.seen`);
    const text = await curl('--cacert', `${file}.seen`, `https://localhost:${own.httpsPort}/hello`);
    assert.equal(text, 'hello\n\n200');
  }
});

describe('certificates of clients', () => {
  const own = mkdtempSync(join(tmpdir(), 'vivarium-test-'));
  const good = writeRsaCertificate(own, 'good', 'alice.example');
  const bad = writeRsaCertificate(own, 'bad', 'mallory.example');
  const shows = (files: typeof good) => ['--cert', files.certificate, '--key', files.key];
  after(() => rmSync(own, { recursive: true }));

  const start = (...args: string[]) =>
    startTlsServer([
      ...APP,
      '--ssl-certificate',
      `${folder}/first`,
      '--ssl-ca-certificate-file',
      good.certificate,
      '--ssl-environment',
      ...args,
    ]);

  test('are needed by all when authorities are named', async (t) => {
    const strict = await start();
    t.after(() => strict.stop());
    const ask = (...args: string[]) =>
      curl(...trusted(), ...args, `https://127.0.0.1:${strict.httpsPort}/hello`);
    assert.equal(await ask(...shows(good)), 'hello\n\n200');
    assert.match(await ask(), /\n000|alert|reset|eof/i);
    assert.match(await ask(...shows(bad)), /\n000|alert|reset|eof/i);
  });

  test('are needed below some paths, and applications are told of good ones', async (t) => {
    const partly = await start('--ssl-verify-client', '/admin');
    t.after(() => partly.stop());
    const ask = (path: string, ...args: string[]) =>
      curl('--path-as-is', ...trusted(), ...args, `https://127.0.0.1:${partly.httpsPort}${path}`);
    for (const path of ['/admin', '/admin/x', '//admin', '/%61dmin', '/x/../admin']) {
      assert.match(await ask(path), /needs a client certificate[\s\S]*403$/, path);
      assert.match(await ask(path, ...shows(bad)), /403$/, path);
      assert.match(await ask(path, '--http1.1', ...shows(good)), /200$/, path);
    }
    assert.match(await curl('-i', `http://127.0.0.1:${partly.port}/admin`), / 403 /);
    const environ = async (...args: string[]) => JSON.parse((await ask('/environ', ...args)).split('\n')[0]!);
    const verified = await environ(...shows(good));
    assert.deepEqual(
      [verified.HTTPS, verified.SSL_CLIENT_VERIFY, verified.SSL_CLIENT_S_DN, verified.SSL_CLIENT_S_DN_CN],
      ['on', 'SUCCESS', 'CN=alice.example', 'alice.example'],
    );
    assert.match(verified.SSL_PROTOCOL, /^TLSv1\.3$/);
    assert.equal(verified.SSL_SERVER_S_DN_CN, 'first.example');
    assert.equal((await environ()).SSL_CLIENT_VERIFY, 'NONE');
    const stranger = await environ(...shows(bad));
    assert.match(stranger.SSL_CLIENT_VERIFY, /^FAILED:/);
    assert.equal(stranger.SSL_CLIENT_S_DN, undefined);
  });
});

describe('a configuration with mistakes is refused', () => {
  const serve = (...args: string[]) => runVivarium(['serve', ...APP, '--port', '0', ...args]);
  for (const [what, args, message] of [
    [
      'TLS without a certificate',
      ['--https-port', '0'],
      /--https-port: found TLS without a certificate; allowed: /,
    ],
    [
      'a certificate without TLS',
      ['--ssl-certificate', 'x'],
      /--ssl-certificate: found without a listener with TLS/,
    ],
    [
      'a certificate without a key',
      ['--https-port', '0', '--ssl-certificate-file', 'x'],
      /--ssl-certificate-file: found without ssl-certificate-key-file/,
    ],
    [
      'a certificate that is not there',
      ['--https-port', '0', '--ssl-certificate', '/nonexistent/a'],
      /\/nonexistent\/a\.crt: there is no such file/,
    ],
    [
      'a bad policy',
      ['--hsts-policy', 'for ever'],
      /--hsts-policy: found "for ever"; allowed: a policy like/,
    ],
  ] as const) {
    test(what, async () => {
      const { code, output } = await serve(...args);
      assert.equal(code, 2);
      assert.match(output, message);
    });
  }
});

describe('HTTP/2', () => {
  test('is agreed to by ALPN, and gives the application the same request', async () => {
    const text = await curl('--http2', '-i', ...trusted(), url('/environ?a=b'));
    assert.match(text, /^HTTP\/2 200/);
    assert.match(text, /^strict-transport-security: max-age=600\r$/m);
    const environ = JSON.parse(/^\{.*\}$/m.exec(text)![0]);
    assert.deepEqual([environ['wsgi.url_scheme'], environ.QUERY_STRING], ['https', 'a=b']);
  });

  test('is not spoken where the client does not name it', async () => {
    assert.match(await curl('--http1.1', '-i', ...trusted(), url('/hello')), /^HTTP\/1\.1 200/);
    assert.match(await curl('--no-alpn', '-i', ...trusted(), url('/hello')), /^HTTP\/1\.1 200/);
  });
});
