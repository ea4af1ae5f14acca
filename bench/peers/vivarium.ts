/** Vivarium itself, as a user starts it. */

import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { siteName } from '../cases.ts';
import { certificateFiles } from '../certificate.ts';
import { serverBehind, socketBehind } from './behind.ts';
import type { Job, Peer } from './peer.ts';
import { isApplication, PYTHON, THREADS } from './peer.ts';

const COMMAND = fileURLToPath(new URL('../../bin/vivarium', import.meta.url));

export const vivarium: Peer = {
  name: 'vivarium',
  serves: (test) => test.between === undefined,
  missing: missingVivarium,
  version: vivariumVersion,
  start(job) {
    const address = `127.0.0.1:${job.port}`;
    const certificate = ['--ssl-certificate', `${job.directory}/server`];
    const listen = job.test.tls ? ['--listen', `https://${address}`, ...certificate] : ['--listen', address];
    const files = isApplication(job.test) ? [] : ['--url-alias', '/static', job.staticDirectory];
    const compressing = job.test.gzip ? ['--compress-responses'] : [];
    const { cached, proxied } = job.test;
    const needsFile = job.test.sites !== undefined || cached === true || proxied === true;
    const text = proxied ? proxying(job) : cached ? '[cache]\n' : sites(job);
    const { behind = [], files: filesBehind = {} } = proxied ? serverBehind(job) : {};
    const configured = needsFile ? ['--config', `${job.directory}/vivarium.toml`] : [];
    return {
      commands: [vivariumCommand(job, [...listen, ...files, ...compressing, ...configured])],
      behind,
      files: { 'vivarium.toml': text, ...filesBehind, ...certificateFiles(job.test) },
    };
  },
};

export function missingVivarium(): string | null {
  return existsSync(COMMAND) ? null : 'bin/vivarium is not there';
}

export function vivariumVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return `${JSON.parse(manifest).version}, Node.js ${process.version.slice(1)}`;
}

export function vivariumCommand(job: Job, options: readonly string[]): string[] {
  const target = `${job.appsDirectory}/${isApplication(job.test) ? job.test.source : 'hello'}.py`;
  const size = ['--python', PYTHON, '--processes', '1', '--threads', String(THREADS)];
  return [COMMAND, 'serve', target, ...size, '--no-access-log', '--log-level', 'warn', ...options];
}

function proxying(job: Job): string {
  const upstream = `servers = ["unix:${socketBehind(job)}"]\nkeep-alive-requests = 1_000_000_000\n`;
  return `[upstreams.behind]\n${upstream}[[routes]]\nproxy = "behind"\n`;
}

/** Each with an entry of its own, as they would be in a file that was not generated. */
function sites({ test: { sites = 0 }, appsDirectory }: Job): string {
  const application = basename(appsDirectory);
  const entries = Array.from({ length: sites }, (_, number) => {
    return `[[sites]]\nhosts = ["${siteName(number)}"]\napplication = "${application}"\n`;
  });
  return entries.join('\n');
}
