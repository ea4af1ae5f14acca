/** Where scripts/bench.sh installs the peers that are not in Debian: on top of Debian's Python and its packages. */
import { fileURLToPath } from 'node:url';

export const VENV_PYTHON = fileURLToPath(
  new URL('../../node_modules/.cache/vivarium-bench/venv/bin/python', import.meta.url),
);
