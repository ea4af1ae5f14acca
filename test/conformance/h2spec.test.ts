/**
 * h2spec, the public conformance suite of HTTP/2, over TLS and without. It runs where `h2spec` is installed:
 *
 *   go install github.com/summerwind/h2spec/cmd/h2spec@latest
 *
 * Each case that we do not pass is named here with its reason. All are decided in nghttp2 or in `node:http2`, before a
 * frame can be seen by us, and none lets a client do harm.
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { writeCertificate } from '../support/certificates.ts';
import { makeFolder } from '../support/folder.ts';
import { startTlsServer } from '../support/tls-server.ts';
import { APPS } from '../support/vivarium.ts';

const IGNORED = 'frames on closed streams are ignored: Node has nghttp2 forget such streams';
const NO_PRIORITIES = 'nghttp2 does not read priorities any more, which RFC 9113 has removed';
const STRICTER = 'the whole connection is ended';

const KNOWN: Record<string, string> = {
  'http2/5.1 closed: Sends a DATA frame after sending RST_STREAM frame': IGNORED,
  'http2/5.1 closed: Sends a HEADERS frame after sending RST_STREAM frame': IGNORED,
  'http2/5.1 closed: Sends a DATA frame': IGNORED,
  'http2/5.1 closed: Sends a HEADERS frame': IGNORED,
  'http2/5.1.1 Sends stream identifier that is numerically smaller than previous': IGNORED,
  'http2/5.3.1 Sends PRIORITY frame that depend on itself': NO_PRIORITIES,
  'http2/6.3 Sends a PRIORITY frame with 0x0 stream identifier': NO_PRIORITIES,
  'http2/6.7 Sends a PING frame with ACK': STRICTER,
  'http2/6.9.1 Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream':
    STRICTER,
};
/** What is no preface at all is answered as HTTP/1.1 where that is spoken, too. */
const KNOWN_PLAIN = { ...KNOWN, 'http2/3.5 Sends invalid connection preface': 'a 400 in HTTP/1.1' };

const isInstalled = spawnSync('h2spec', ['--version']).status === 0;
const skip = isInstalled ? false : 'h2spec is not installed';

test('h2spec', { skip }, async (t) => {
  const folder = makeFolder(t);
  writeCertificate(folder, 'site', ['127.0.0.1']);
  const options = ['--ssl-certificate', `${folder}/site`, '--no-access-log', '--log-level', 'warn'];
  const server = await startTlsServer([`${APPS}pep3333.py`, ...options]);
  t.after(() => server.stop());
  await t.test('over TLS', (t) => judge(t, ['-t', '-k', '-p', String(server.httpsPort)], KNOWN));
  await t.test('without TLS', (t) => judge(t, ['-p', String(server.port)], KNOWN_PLAIN));
});

async function judge(
  t: { after(then: () => void): void },
  address: readonly string[],
  known: Readonly<Record<string, string>>,
): Promise<void> {
  const report = `${makeFolder(t)}/report.xml`;
  const args = ['-S', '-h', '127.0.0.1', '-P', '/hello', '-j', report, ...address];
  // It ends with 1 when a case fails.
  await new Promise((resolve) => execFile('h2spec', args, resolve));
  const cases = [
    ...readFileSync(report, 'utf8').matchAll(
      /<testcase package="(.+?)" classname="(.+?)"[^>]*?(\/>|>[\s\S]*?<\/testcase>)/g,
    ),
  ];
  const failed = cases
    .filter(([, , , body]) => /<(failure|error)/.test(body!))
    .map(([, part, name]) => `${part} ${name}`);
  assert.ok(cases.length > 140, `only ${cases.length} cases were run`);
  assert.deepEqual(failed.sort(), Object.keys(known).sort());
}
