/** Ours in front of the application servers of others, over each protocol that they speak: one list of cases. */
import { after, before } from 'node:test';
import { writeCertificate } from '../support/certificates.ts';
import { Cleanups } from '../support/cleanups.ts';
import { makeFolder } from '../support/folder.ts';
import { findFramework } from '../support/frameworks.ts';
import { type FlupProtocol, NO_FLUP, startFlup } from '../support/peers/flup.ts';
import { NO_GUNICORN, startGunicorn } from '../support/peers/gunicorn.ts';
import { NO_NGINX, startNginx } from '../support/peers/nginx.ts';
import { ownLoopback } from '../support/peers/peer.ts';
import { NO_UWSGI, startUwsgi, type UwsgiProtocol } from '../support/peers/uwsgi.ts';
import { NO_WAITRESS, startWaitress } from '../support/peers/waitress.ts';
import type { TestProcess } from '../support/test-process.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';
import { type Differences, describePairs, hostOf, type Pair } from './pairs.ts';

const suite = new Cleanups();
const frameworks = findFramework('flask, django');

interface Behind {
  readonly name: string;
  readonly skip: string | false;
  readonly differs?: Differences;
  /** Starts it, or returns what it has started for another pair; `route` is how it is reached. */
  start(): Promise<{ readonly route: string; readonly upstream?: string; readonly process: TestProcess }>;
}

const joined = {
  because: 'it joins fields with a comma and no blank',
  seen: { body: { fields: { 'x-test-two': '1,2' } } },
};

/** Over HTTP it is in no field that these servers read. */
const unnamed = (client: object) => ({ because: 'it takes ours for the client', seen: { body: client } });

const nobody = unnamed({ REMOTE_ADDR: '' });

const gunicorn = (name: string, bind: string, differs: Differences = {}): Behind => ({
  name: `gunicorn ${name}`,
  skip: NO_GUNICORN,
  differs: { 'two fields of one name': joined, ...differs },
  async start() {
    const { process, match, folder } = await startGunicorn(suite, bind);
    const url = match![1] === undefined ? `unix:${folder}/one.sock` : `http://127.0.0.1:${match![1]}`;
    return { route: `proxy = "${url}"`, process };
  },
});

const waitress = (where: 'TCP' | 'Unix', differs: Differences = {}): Behind => ({
  name: `waitress ${where}`,
  skip: NO_WAITRESS,
  differs,
  async start() {
    const { process, match, folder } = await startWaitress(suite, where);
    const url = where === 'Unix' ? `unix:${folder}/one.sock` : `http://127.0.0.1:${match![1]}`;
    return { route: `proxy = "${url}"`, process };
  },
});

let uwsgi: ReturnType<typeof startUwsgi> | null = null;
const overUwsgi = (protocol: UwsgiProtocol, where: 'TCP' | 'Unix', differs: Differences = {}): Behind => ({
  name: `uWSGI ${protocol} ${where}`,
  skip: NO_UWSGI,
  differs,
  async start() {
    uwsgi ??= startUwsgi(suite);
    const { ports, paths, process } = await uwsgi;
    const unix = protocol === 'http' ? `unix:${paths.http}` : `${protocol}://unix:${paths[protocol]}`;
    const url = where === 'Unix' ? unix : `${protocol}://127.0.0.1:${ports[protocol]}`;
    if (protocol !== 'http')
      return { route: `proxy = { to = "${url}", pass-authorization = true }`, process };
    // Its HTTP socket reads no chunks, and closes connections without saying so.
    const to = `http-${where}`;
    const upstream = `[upstreams.${to}]\nservers = ["${url.replace('http://', '')}"]\nkeep-alive = 0`;
    return { route: `proxy = { to = "${to}", request-buffering = true }`, upstream, process };
  },
});

/** Which passes everything on to gunicorn. */
const nginx: Behind = {
  name: 'nginx HTTPS',
  skip: NO_NGINX || NO_GUNICORN,
  differs: {
    'two fields of one name': joined,

    'the client': nobody,
  },
  async start() {
    const { folder } = await startGunicorn(suite, 'unix:one.sock');
    const host = ownLoopback();
    const { certificate, key } = writeCertificate(folder, 'behind', [host]);
    const { process } = await startNginx(suite, () => ({
      http: `
  client_max_body_size 64m;
  large_client_header_buffers 4 64k;
  server {
    listen ${host}:8001 ssl;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    location / {
      proxy_pass http://unix:${folder}/one.sock;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_set_header Host $host;
    }
  }`,
    }));
    const upstream = `[upstreams.secure]\nservers = ["${host}:8001"]\ntls = { ca-file = "${certificate}" }`;
    return { route: 'proxy = "secure"', upstream, process };
  },
};

const flup = (protocol: FlupProtocol, where: 'TCP' | 'Unix', differs: Differences = {}): Behind => ({
  name: `flup ${protocol} ${where}`,
  skip: NO_FLUP,
  differs,
  async start() {
    const { process, match, folder } = await startFlup(suite, frameworks.interpreter, protocol, where);
    const scheme = protocol === 'fcgi' ? 'fastcgi' : protocol;
    const address = where === 'Unix' ? `unix:${folder}/one.sock` : `127.0.0.1:${match![1]}`;
    return { route: `proxy = { to = "${scheme}://${address}", pass-authorization = true }`, process };
  },
});

const undecoded = { because: 'it does not decode paths', seen: { status: 200 } };
const flupAjp: Differences = {
  'a path with %2F': undecoded,
  'a path in UTF-8': undecoded,
  'a path with escapes of all kinds': undecoded,
  'the client': { because: 'it has no word for the port', seen: { body: { 'has port': false } } },
  'two fields of one name': {
    because: 'the last one wins',
    seen: { body: { fields: { 'x-test-two': '2' } } },
  },
  'a cookie of 32 KiB': { because: 'its packets have 8 KiB', seen: { status: 431 } },
  'a method of its own': { because: 'it knows no other methods', seen: { status: 502 } },
};

const SERVERS: readonly Behind[] = [
  gunicorn('TCP', '127.0.0.1:0'),
  gunicorn('Unix', 'unix:one.sock', { 'the client': nobody }),
  waitress('TCP'),
  waitress('Unix', { 'the client': unnamed({ REMOTE_ADDR: 'localhost', 'has port': false }) }),
  nginx,
  overUwsgi('http', 'TCP', { 'the client': unnamed({ 'has port': false }) }),
  overUwsgi('http', 'Unix', { 'the client': unnamed({ REMOTE_ADDR: '0.0.0.0' }) }),
  overUwsgi('uwsgi', 'TCP'),
  overUwsgi('uwsgi', 'Unix'),
  overUwsgi('scgi', 'TCP'),
  overUwsgi('scgi', 'Unix'),
  overUwsgi('fastcgi', 'TCP'),
  overUwsgi('fastcgi', 'Unix'),
  flup('scgi', 'TCP'),
  flup('scgi', 'Unix'),
  flup('fcgi', 'TCP'),
  flup('fcgi', 'Unix'),
  flup('ajp', 'TCP', flupAjp),
];

let server: Server;
const started = new Map<string, TestProcess>();
before(async () => {
  const sites: string[] = [];
  for (const { name, skip, start } of SERVERS) {
    if (skip !== false || frameworks.skip !== false) continue;
    const { route, upstream = '', process } = await start();
    started.set(name, process);
    sites.push(`${upstream}\n[[sites]]\nhosts = ["${hostOf(name)}"]\n[[sites.routes]]\n${route}\n`);
  }
  const folder = makeFolder(suite, {
    'vivarium.toml': `
application = "${APPS}twins/wsgi.py"
python = "${frameworks.interpreter}"
processes = 1
threads = 8
limit-request-field-size = 65536
limit-request-head = 131072
${sites.join('')}`,
  });
  server = await startServer([], { cwd: folder });
  suite.after(() => server.stop());
});
after(() => suite.run());

const pairs = SERVERS.map(
  ({ name, skip, differs = {} }): Pair => ({
    name,
    skip: frameworks.skip === false ? skip : frameworks.skip,
    to: () => server.port,
    differs,
    outputs: () => [server.output, started.get(name)?.output ?? ''],
  }),
);
describePairs(pairs, () => server.port);
