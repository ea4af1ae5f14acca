/** Runs the supervisor in a process of its own, with the fake gateway and worker. The configuration is the argument. */
import { fileURLToPath } from 'node:url';
import { runSupervisor } from '../../src/supervisor/supervisor.ts';

const configuration = JSON.parse(process.argv[2]!);
process.exitCode = await runSupervisor(
  configuration,
  {
    onServing: (urls) => process.stdout.write(`${JSON.stringify(urls)}\n`),
    readConfiguration: async () => configuration,
  },
  {
    gateway: fileURLToPath(new URL('./fake-gateway.ts', import.meta.url)),
    worker: fileURLToPath(new URL('./fake-worker.ts', import.meta.url)),
  },
);
