/** Runs the supervisor in a process of its own, with the fake gateway and worker. The argument names its configuration. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runSupervisor } from '../../src/supervisor/supervisor.ts';

const readConfiguration = () => JSON.parse(readFileSync(process.argv[2]!, 'utf8'));
process.exitCode = await runSupervisor(
  readConfiguration(),
  {
    onServing: (urls) => process.stdout.write(`${JSON.stringify(urls)}\n`),
    readConfiguration: async () => readConfiguration(),
  },
  {
    gateway: fileURLToPath(new URL('./fake-gateway.ts', import.meta.url)),
    worker: fileURLToPath(new URL('./fake-worker.ts', import.meta.url)),
  },
);
