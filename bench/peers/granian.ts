/** granian, from PyPI, in the virtual environment that scripts/bench.sh makes. */
import type { Peer } from './peer.ts';
import { isPlainApplication, packageVersion, THREADS } from './peer.ts';
import { VENV_PYTHON } from './venv.ts';

const version = () => packageVersion(VENV_PYTHON, 'granian');

export const granian: Peer = {
  name: 'granian',
  serves: isPlainApplication,
  missing: () => (version() === null ? 'granian is not in the virtual environment of the benchmarks' : null),
  version: () => version() ?? 'unknown',
  start(job) {
    const listen = ['--host', '127.0.0.1', '--port', String(job.port), '--backlog', String(job.backlog)];
    const worker = ['--workers', '1', '--blocking-threads', String(THREADS), '--http', '1'];
    // Both bound the connections it keeps: their number, and for how long one may be silent.
    const idle = [
      '--backpressure',
      String(job.test.connections + 1000),
      '--http1-header-read-timeout',
      '60000',
    ];
    const options = [...idle, ...listen, ...worker, '--no-access-log', '--log-level', 'warning', '--no-ws'];
    const application = ['--working-dir', job.appsDirectory, `${job.test.source}:application`];
    return { commands: [[VENV_PYTHON, '-m', 'granian', '--interface', 'wsgi', ...options, ...application]] };
  },
};
