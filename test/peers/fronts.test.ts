/** Ours behind the web servers of others, over each protocol that they speak: one list of cases. */
import { chmodSync } from 'node:fs';
import { after, before } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { makeFolder } from '../support/folder.ts';
import { findFramework } from '../support/frameworks.ts';
import { NO_APACHE } from '../support/peers/apache.ts';
import { startApacheFront } from '../support/peers/apache-front.ts';
import type { Front, LinkProtocol, StartFront } from '../support/peers/fronts.ts';
import { NO_LIGHTTPD, startLighttpdFront } from '../support/peers/lighttpd-front.ts';
import { NO_NGINX } from '../support/peers/nginx.ts';
import { startNginxFront } from '../support/peers/nginx-front.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';
import { type Differences, describePairs, hostOf, type Pair } from './pairs.ts';

interface FrontServer {
  readonly name: string;
  readonly skip: string | false;
  readonly start: StartFront;
  readonly protocols: readonly LinkProtocol[];
  /** By protocol; what is so over all of them by `all`. */
  readonly differs: Readonly<Partial<Record<LinkProtocol | 'all', Differences>>>;
}

const PROTOCOLS: readonly LinkProtocol[] = ['http', 'scgi', 'uwsgi', 'fastcgi', 'ajp'];
const ALL_BUT_AJP = PROTOCOLS.slice(0, -1);
const WHERE = ['TCP', 'Unix'] as const;

const merged = { because: 'it merges slashes', seen: { body: { path: '/echo/a/b/c/' } } };
const valueless = { because: 'it drops fields without a value', seen: { body: { fields: {} } } };
const unsized = { because: 'it wants to know the length', seen: { status: 411 } };
const cut = { because: 'it drops what does not fit into a packet', seen: { body: { fields: {} } } };

const FRONTS: readonly FrontServer[] = [
  {
    name: 'nginx',
    skip: NO_NGINX,
    start: startNginxFront,
    protocols: ALL_BUT_AJP,
    // Only uwsgi_params has PATH_INFO.
    differs: { uwsgi: { 'a path with //': merged } },
  },
  {
    name: 'Apache',
    skip: NO_APACHE,
    start: startApacheFront,
    protocols: PROTOCOLS,
    differs: {
      scgi: { 'an upload in chunks': unsized },
      uwsgi: { 'an upload in chunks': unsized },
      fastcgi: { 'a cookie of 32 KiB': cut },
    },
  },
  {
    name: 'lighttpd',
    skip: NO_LIGHTTPD,
    start: startLighttpdFront,
    protocols: ALL_BUT_AJP,
    differs: { all: { 'a path with //': merged, 'a field without a value': valueless } },
  },
];

const nameOf = (front: string, protocol: string, where: string): string => `${front} ${protocol} ${where}`;

const suite = new Cleanups();
const frameworks = findFramework('flask, django');
const started = new Map<string, Front>();
let server: Server;
before(async () => {
  if (frameworks.skip !== false) return;
  const folder = makeFolder(suite);
  // Apache, as a user of its own, has to reach the sockets.
  chmodSync(folder, 0o755);
  const listens = PROTOCOLS.flatMap((protocol) => [
    ...['--listen', `${protocol === 'http' ? '' : `${protocol}://`}127.0.0.1:0`],
    ...['--listen', `${protocol === 'http' ? '' : `${protocol}://`}unix:${folder}/${protocol}.sock`],
  ]);
  server = await startServer([
    ...[`${APPS}twins/wsgi.py`, '--python', frameworks.interpreter, '--processes', '1', '--threads', '8'],
    ...['--limit-request-field-size', '65536', '--limit-request-head', '131072'],
    ...['--trust-proxy', '127.0.0.1', '--trust-proxy', 'unix:', '--chmod-socket', '666'],
    ...['--ajp-packet-size', '65536', ...listens],
  ]);
  suite.after(() => server.stop());
  for (const { name, skip, start, protocols } of FRONTS) {
    if (skip !== false) continue;
    const links = protocols.flatMap((protocol) => {
      const [, port] = new RegExp(` ${protocol}://127\\.0\\.0\\.1:(\\d+)`).exec(server.output)!;
      return WHERE.map((where) => ({
        protocol,
        address: where === 'TCP' ? `127.0.0.1:${port}` : `${folder}/${protocol}.sock`,
        host: hostOf(nameOf(name, protocol, where)),
      }));
    });
    started.set(name, await start(suite, links));
  }
});
after(() => suite.run());

const pairs = FRONTS.flatMap(({ name, skip, differs, protocols }) =>
  protocols.flatMap((protocol) =>
    WHERE.map((where): Pair => {
      const front = (): Front => started.get(name)!;
      return {
        name: nameOf(name, protocol, where),
        skip: frameworks.skip === false ? skip : frameworks.skip,
        to: () => front().to,
        differs: { ...differs.all, ...differs[protocol] },
        outputs: () => [server.output, front().process.output],
      };
    }),
  ),
);
describePairs(pairs, () => server.port);
