/** uWSGI speaking HTTP itself: in the worker (--http-socket) or through its HTTP router process (--http). */
import type { Job, Peer } from './peer.ts';
import { isApplication, isPlainApplication, missingCommands, THREADS, versionPrinted } from './peer.ts';

const common = {
  missing: () => missingCommands('uwsgi'),
  version: () => versionPrinted('uwsgi', '--version'),
};

export const uwsgiHttpSocket: Peer = {
  ...common,
  name: 'uWSGI http-socket',
  // It closes the connection after each answer; http11-socket would keep it, and a thread with it.
  serves: (test) => test.kind !== 'idle' && test.between === undefined,
  start(job) {
    const socket = ['--http-socket', `127.0.0.1:${job.port}`];
    const source = isApplication(job.test) ? [] : ['--static-map', `/static=${job.staticDirectory}`];
    // Without the header wrk takes the close for an error.
    const options = ['--plugin', 'python3', '--add-header', 'Connection: close', ...socket, ...source];
    return { commands: [uwsgiCommand(job, options)] };
  },
};

export const uwsgiHttp: Peer = {
  ...common,
  name: 'uWSGI http',
  serves: isPlainApplication,
  start(job) {
    const router = ['--http', `127.0.0.1:${job.port}`, '--http-keepalive=75', '--http-timeout=75'];
    return { commands: [uwsgiCommand(job, ['--plugins', 'http,python3', ...router])] };
  },
};

/** The worker process, the same for every way in. */
export function uwsgiCommand(job: Job, options: readonly string[]): string[] {
  const process = ['--master', '--processes=1', `--threads=${THREADS}`, '--need-app'];
  const quiet = ['--disable-logging', '--die-on-term', `--listen=${job.backlog}`];
  const application = isApplication(job.test)
    ? ['--chdir', job.appsDirectory, '--module', `${job.test.source}:application`]
    : [];
  const needed = isApplication(job.test) ? process : process.filter((option) => option !== '--need-app');
  return ['uwsgi', ...needed, ...quiet, ...options, ...application];
}
