/** ReaderHandle: has the configuration read by a process that ends (reader.ts is its end). */
import { fileURLToPath } from 'node:url';
import { startChild } from '../supervisor/processes/child-process.ts';
import { OutOfMemoryWatch } from '../supervisor/processes/exit-cause.ts';
import type { ReadRequest, ReadResult } from './reader.ts';

const PROGRAM = fileURLToPath(new URL('../main.js', import.meta.url));
const ARGUMENTS = [...process.execArgv, PROGRAM, 'vivarium-reader'];

/** Never rejects: that it could not be read is a mistake, too. */
export function readBesides(request: ReadRequest, env: NodeJS.ProcessEnv): Promise<ReadResult> {
  const { promise, resolve } = Promise.withResolvers<ReadResult>();
  const child = startChild(
    process.execPath,
    ARGUMENTS,
    {
      env,
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      // What was read arrives as it is: JSON knows no infinity.
      serialization: 'advanced',
      // Ctrl-C in the terminal is for the server alone.
      detached: true,
    },
    new OutOfMemoryWatch(),
    ({ cause }) => {
      const failed = () => resolve({ mistakes: [`the process that reads the configuration ${cause}`] });
      // Its answer may still be on the way.
      if (child?.connected) child.once('disconnect', failed);
      else failed();
    },
  );
  child?.once('message', (answer) => resolve(answer as ReadResult));
  child?.send(request, () => {});
  return promise;
}
