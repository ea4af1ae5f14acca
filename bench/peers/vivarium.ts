/** Vivarium itself, as a user starts it. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Peer } from './peer.ts';
import { isApplication, PYTHON, THREADS } from './peer.ts';

const COMMAND = fileURLToPath(new URL('../../bin/vivarium', import.meta.url));

export const vivarium: Peer = {
  name: 'vivarium',
  serves: () => true,
  missing: () => (existsSync(COMMAND) ? null : 'bin/vivarium is not there'),
  version() {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    return `${JSON.parse(manifest).version}, Node.js ${process.version.slice(1)}`;
  },
  start(job) {
    const target = `${job.appsDirectory}/${isApplication(job.test) ? job.test.source : 'hello'}.py`;
    const size = ['--python', PYTHON, '--processes', '1', '--threads', String(THREADS)];
    const quiet = ['--no-access-log', '--log-level', 'warn'];
    const listen = ['--host', '127.0.0.1', '--port', String(job.port)];
    const files = isApplication(job.test) ? [] : ['--url-alias', '/static', job.staticDirectory];
    const compressing = job.test.gzip ? ['--compress-responses'] : [];
    return { commands: [[COMMAND, 'serve', target, ...size, ...listen, ...quiet, ...files, ...compressing]] };
  },
};
