/** waitress: pure Python, one event loop and a pool of threads. */
import type { Peer } from './peer.ts';
import { isPlainApplication, PYTHON, packageVersion, THREADS } from './peer.ts';

const version = () => packageVersion(PYTHON, 'waitress');

export const waitress: Peer = {
  name: 'waitress',
  serves: isPlainApplication,
  missing: () => (version() === null ? `${PYTHON} has no module waitress` : null),
  version: () => version() ?? 'unknown',
  start(job) {
    const options = [
      `--listen=127.0.0.1:${job.port}`,
      `--threads=${THREADS}`,
      `--backlog=${job.backlog}`,
      `--connection-limit=${job.test.connections + 1000}`,
      '--asyncore-use-poll',
      '--channel-timeout=75',
    ];
    return { commands: [[PYTHON, '-m', 'waitress', ...options, `${job.test.source}:application`]] };
  },
};
