/** gunicorn with its sync worker (one thread, no keep-alive) and its gthread worker. */
import type { Case } from '../cases.ts';
import type { Peer } from './peer.ts';
import { isPlainApplication, isSingleThreaded, missingCommands, THREADS, versionPrinted } from './peer.ts';

function gunicorn(name: string, serves: (test: Case) => boolean, options: readonly string[]): Peer {
  return {
    name,
    serves,
    missing: () => missingCommands('/usr/bin/gunicorn'),
    version: () => versionPrinted('/usr/bin/gunicorn', '--version'),
    start(job) {
      const bind = ['--bind', `127.0.0.1:${job.port}`, '--backlog', String(job.backlog)];
      const worker = ['--workers', '1', '--log-level', 'warning', '--worker-tmp-dir', '/dev/shm', ...options];
      const connections = ['--worker-connections', String(job.test.connections + 1000)];
      const application = ['--chdir', job.appsDirectory, `${job.test.source}:application`];
      return { commands: [['/usr/bin/gunicorn', ...bind, ...worker, ...connections, ...application]] };
    },
  };
}

const sync = ['--worker-class', 'sync'];
const gthread = ['--worker-class', 'gthread', '--threads', String(THREADS), '--keep-alive', '75'];

export const gunicornSync = gunicorn(
  'gunicorn sync',
  (test) => isSingleThreaded(test) && test.kind !== 'idle',
  sync,
);
export const gunicornGthread = gunicorn('gunicorn gthread', isPlainApplication, gthread);
