/**
 * Two servers: a web server in front, and behind it the one that runs the application. What they say to each other, and
 * over which kind of socket, is the case's.
 */
import type { Between } from '../cases.ts';
import { launchApache } from './apache.ts';
import { nginxCommand, nginxConfiguration } from './nginx.ts';
import type { Job, Launch, Peer } from './peer.ts';
import { missingCommands, versionPrinted } from './peer.ts';
import { uwsgiCommand } from './uwsgi.ts';
import { missingVivarium, vivariumCommand, vivariumVersion } from './vivarium.ts';

type Front = (job: Job, between: Between, keepsConnections: boolean) => Launch;

interface Back {
  readonly name: 'vivarium' | 'uWSGI';
  readonly missing: () => string | null;
  readonly version: () => string;
  readonly command: (job: Job, between: Between) => string[];
  /** It takes more than one request on a connection where the protocol has a place for them. */
  readonly keepsConnections: boolean;
}

const SCHEMES = { HTTP: 'http', FastCGI: 'fastcgi', SCGI: 'scgi', uwsgi: 'uwsgi' } as const;

const socketPath = (job: Job) => `${job.directory}/application.sock`;
const address = (job: Job, { socket }: Between) =>
  socket === 'TCP' ? `127.0.0.1:${job.portBehind}` : `unix:${socketPath(job)}`;
const url = (job: Job, between: Between) => `${SCHEMES[between.protocol]}://${address(job, between)}`;

const vivariumBehind: Back = {
  name: 'vivarium',
  missing: missingVivarium,
  version: vivariumVersion,
  command: (job, between) => vivariumCommand(job, ['--listen', url(job, between), '--chmod-socket', '666']),
  keepsConnections: true,
};

const uwsgiBehind: Back = {
  name: 'uWSGI',
  missing: () => missingCommands('uwsgi'),
  version: () => versionPrinted('uwsgi', '--version'),
  command(job, between) {
    const { protocol, socket } = between;
    const option = protocol === 'uwsgi' ? '--socket' : `--${SCHEMES[protocol]}-socket`;
    const place = socket === 'TCP' ? address(job, between) : socketPath(job);
    return uwsgiCommand(job, ['--plugin', 'python3', option, place, '--chmod-socket=666']);
  },
  keepsConnections: false,
};

const nginxInFront: Front = (job, between, keepsConnections) => {
  const { protocol } = between;
  const prefix = protocol === 'HTTP' ? 'proxy' : SCHEMES[protocol];
  const keeps = keepsConnections && (protocol === 'HTTP' || protocol === 'FastCGI');
  const lines = {
    HTTP: keeps ? ['proxy_http_version 1.1;', 'proxy_set_header Connection "";'] : [],
    FastCGI: [keeps ? 'fastcgi_keep_conn on;' : '', 'fastcgi_param PATH_INFO $document_uri;'],
    SCGI: ['scgi_param PATH_INFO $document_uri;'],
    uwsgi: [],
  }[protocol];
  const include = protocol === 'HTTP' ? '' : `include /etc/nginx/${prefix}_params;`;
  const pass = `${prefix}_pass ${protocol === 'HTTP' ? 'http://' : ''}behind;`;
  const location = `
      location / {
${[include, pass, ...lines]
  .filter((line) => line !== '')
  .map((line) => `        ${line}\n`)
  .join('')}      }`;
  const keepalive = keeps ? '    keepalive 64;\n    keepalive_requests 1000000000;\n' : '';
  const upstream = `  upstream behind {\n    server ${address(job, between)};\n${keepalive}  }\n`;
  const text = nginxConfiguration(job, location).replace('http {\n', `http {\n${upstream}`);
  return { commands: [nginxCommand(job)], files: { 'nginx.conf': text } };
};

const apacheInFront: Front = (job, between, keepsConnections) => {
  const { protocol, socket } = between;
  const scheme = { HTTP: 'http', FastCGI: 'fcgi', SCGI: 'scgi', uwsgi: 'uwsgi' }[protocol];
  const place =
    socket === 'TCP'
      ? `${scheme}://${address(job, between)}/`
      : `unix:${socketPath(job)}|${scheme}://localhost/`;
  // Of those with a place for more than one request on a connection Apache expects it of HTTP, and not of FastCGI.
  const reuse = {
    HTTP: keepsConnections ? '' : ' disablereuse=on',
    FastCGI: keepsConnections ? ' enablereuse=on' : '',
  };
  const option = protocol === 'HTTP' || protocol === 'FastCGI' ? reuse[protocol] : '';
  return launchApache(job, `ProxyPass / ${place}${option}`, ['proxy', `proxy_${scheme}`]);
};

const vivariumInFront: Front = (job, between) => {
  const servers = `servers = ["${url(job, between)}"]\nkeep-alive-requests = 1_000_000_000\n`;
  const text = `[upstreams.behind]\n${servers}[[routes]]\nproxy = "behind"\n`;
  const options = ['--listen', `127.0.0.1:${job.port}`, '--config', `${job.directory}/vivarium.toml`];
  return { commands: [vivariumCommand(job, options)], files: { 'vivarium.toml': text } };
};

/** `kind`: of the cases in which it takes part. */
function pair(
  name: string,
  kind: Between['front'],
  inFront: Front,
  back: Back,
  versions: () => string,
): Peer {
  return {
    name,
    serves: (test) => test.between?.front === kind,
    missing: () =>
      (kind === 'Apache' ? missingCommands('apache2') : missingCommands('nginx')) ?? back.missing(),
    version: () => `${versions()}, ${back.name} ${back.version()}`,
    start(job) {
      const between = job.test.between!;
      const front = inFront(job, between, back.keepsConnections);
      return { ...front, commands: [...front.commands, back.command(job, between)] };
    },
  };
}

const nginxVersion = () => `nginx ${versionPrinted('nginx', '-v')}`;
const apacheVersion = () => `Apache ${versionPrinted('apache2', '-v')}`;

export const PAIRS: readonly Peer[] = [
  pair('vivarium behind nginx', 'nginx', nginxInFront, vivariumBehind, nginxVersion),
  pair('uWSGI behind nginx', 'nginx', nginxInFront, uwsgiBehind, nginxVersion),
  pair('uWSGI behind vivarium', 'nginx', vivariumInFront, uwsgiBehind, vivariumVersion),
  pair('vivarium behind Apache', 'Apache', apacheInFront, vivariumBehind, apacheVersion),
  pair('uWSGI behind Apache', 'Apache', apacheInFront, uwsgiBehind, apacheVersion),
];
