/** bjoern, in C on libev, one thread; compiled by pip in the virtual environment that scripts/bench.sh makes. */
import type { Peer } from './peer.ts';
import { isSingleThreaded, packageVersion } from './peer.ts';
import { VENV_PYTHON } from './venv.ts';

const version = () => packageVersion(VENV_PYTHON, 'bjoern');

/** It has no command of its own. */
const PROGRAM = `import importlib, sys, bjoern
bjoern.run(importlib.import_module(sys.argv[1]).application, '127.0.0.1', int(sys.argv[2]), listen_backlog=int(sys.argv[3]))
`;

export const bjoern: Peer = {
  name: 'bjoern',
  serves: isSingleThreaded,
  missing: () =>
    version() === null
      ? 'bjoern is not in the virtual environment of the benchmarks (needs libev-dev, gcc)'
      : null,
  version: () => version() ?? 'unknown',
  start(job) {
    const file = `${job.directory}/serve.py`;
    const args = [job.test.source, String(job.port), String(job.backlog)];
    return { commands: [[VENV_PYTHON, file, ...args]], files: { 'serve.py': PROGRAM } };
  },
};
