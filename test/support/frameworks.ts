/**
 * Finds interpreters that can import a framework: the virtual environment of the checkout, Debian's Python with
 * Debian's packages, or whatever `python3` is. `npm test` sees to it that one of them can (scripts/test.sh).
 */
import { spawnSync } from 'node:child_process';
import { ROOT } from './vivarium.ts';

const INTERPRETERS = [`${ROOT}.venv/bin/python`, '/usr/bin/python3', 'python3'];

export interface Framework {
  readonly interpreter: string;
  /** What `test` takes as its `skip`: false, or why. */
  readonly skip: string | false;
}

export function findFramework(module: string): Framework {
  const interpreter = INTERPRETERS.find(
    (python) => spawnSync(python, ['-c', `import ${module}`]).status === 0,
  );
  if (interpreter !== undefined) return { interpreter, skip: false };
  return { interpreter: '', skip: `no ${module} in .venv, /usr/bin/python3 or python3` };
}
