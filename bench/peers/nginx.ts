/** nginx: in front of uWSGI for applications, alone for static files. */
import { siteName } from '../cases.ts';
import { certificateFiles } from '../certificate.ts';
import { serverBehind, socketBehind } from './behind.ts';
import type { Job, Launch, Peer } from './peer.ts';
import { isApplication, missingCommands, versionPrinted } from './peer.ts';
import { uwsgiCommand } from './uwsgi.ts';

const SENDFILE_FROM_BYTES = 65_536;

const version = () => versionPrinted('nginx', '-v');

/** nginx compresses at level 1 unless it is told otherwise. */
export const nginxUwsgi: Peer = nginxWithUwsgi(
  'nginx + uWSGI',
  1,
  (test) => isApplication(test) && test.proxied !== true && test.between === undefined,
);
export const nginxUwsgiGzip: Peer = nginxWithUwsgi('nginx + uWSGI, gzip 5', 5, (test) => test.gzip === true);

function nginxWithUwsgi(name: string, gzipLevel: number, serves: Peer['serves']): Peer {
  return {
    name,
    serves,
    missing: () => missingCommands('nginx', 'uwsgi'),
    version: () => `nginx ${version()}, uWSGI ${versionPrinted('uwsgi', '--version')}`,
    start(job) {
      const socket = `${job.directory}/uwsgi.sock`;
      const gateway = `
      location / {
        include /etc/nginx/uwsgi_params;
        uwsgi_pass unix:${socket};
        uwsgi_buffers 80 16k;
        uwsgi_max_temp_file_size 0;
      }`;
      return {
        commands: [
          nginxCommand(job),
          uwsgiCommand(job, ['--plugin', 'python3', '--socket', socket, '--chmod-socket=666']),
        ],
        files: {
          'nginx.conf': nginxConfiguration(job, gateway + gzip(job, gzipLevel) + cache(job)),
          ...certificateFiles(job.test),
        },
      };
    },
  };
}

function gzip({ test }: Job, level: number): string {
  if (test.gzip !== true) return '';
  return `
      gzip on;
      gzip_comp_level ${level};
      gzip_types application/json;
      gzip_proxied any;
      gzip_vary on;`;
}

function cache({ test }: Job): string {
  if (test.cached !== true) return '';
  return `
      uwsgi_cache answers;
      uwsgi_cache_key $scheme$host$request_uri;
      uwsgi_cache_lock on;`;
}

export const nginx: Peer = {
  name: 'nginx',
  serves: (test) => test.source === 'static' || test.proxied === true,
  missing: () => missingCommands('nginx'),
  version,
  start(job) {
    if (job.test.proxied) return proxying(job);
    const alias = `
      location /static/ {
        alias ${job.staticDirectory}/;
      }`;
    return { commands: [nginxCommand(job)], files: { 'nginx.conf': nginxConfiguration(job, alias) } };
  },
};

function proxying(job: Job): Launch {
  const { behind, files } = serverBehind(job);
  const location = `
      location / {
        proxy_pass http://behind;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
      }`;
  const upstream = `  upstream behind {
    server unix:${socketBehind(job)};
    keepalive 64;
    keepalive_requests 1000000000;
  }
`;
  const text = nginxConfiguration(job, location).replace('http {\n', `http {\n${upstream}`);
  return { commands: [nginxCommand(job)], behind: behind!, files: { ...files, 'nginx.conf': text } };
}

/**
 * nginx at its fastest for the size: sendfile costs a small file a second system call, and tcp_nopush a large one
 * half of its throughput over loopback.
 */
function sending(job: Job): string {
  return job.test.answer.bytes < SENDFILE_FROM_BYTES ? '  sendfile off;' : '  sendfile on;';
}

export function nginxCommand(job: Job): string[] {
  return ['nginx', '-p', job.directory, '-e', 'stderr', '-c', `${job.directory}/nginx.conf`];
}

export function nginxConfiguration(job: Job, location: string): string {
  const user = process.getuid?.() === 0 ? 'user www-data;\n' : '';
  return `${user}daemon off;
worker_processes 1;
pid nginx.pid;
worker_rlimit_nofile ${job.test.connections * 2 + 1024};
events {
  worker_connections ${job.test.connections * 2 + 512};
}
http {
  include /etc/nginx/mime.types;
  access_log off;
  error_log stderr warn;
${sending(job)}
  keepalive_timeout 75s;
  keepalive_requests 1000000000;
  client_max_body_size 2m;
  client_body_buffer_size 2m;
  client_body_temp_path body;
  uwsgi_temp_path uwsgi;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  scgi_temp_path scgi;
  uwsgi_cache_path cache keys_zone=answers:10m;
  open_file_cache max=1000 inactive=60s;
  open_file_cache_valid 30s;
${servers(job, location.replace(/^\n/, '').replace(/^ {2}/gm, ''))}
}
`;
}

function servers({ test, port, backlog, directory }: Job, location: string): string {
  const { sites = 1, http2Streams } = test;
  const names = Array.from({ length: sites }, (_, number) => siteName(number));
  const blocks = names.map((name, number) => {
    const http2 = http2Streams === undefined ? '' : ' http2';
    const tls = test.tls ? ' ssl' : '';
    const options = tls + http2 + (number === 0 ? ` backlog=${backlog}` : '');
    const certificate = test.tls ? tlsLines(directory) : '';
    return `  server {\n    listen 127.0.0.1:${port}${options};\n${certificate}    server_name ${name};\n${location}\n  }`;
  });
  return blocks.join('\n');
}

function tlsLines(directory: string): string {
  return `    ssl_certificate ${directory}/server.crt;\n    ssl_certificate_key ${directory}/server.key;\n`;
}
