/** Runs the supervisor in a process of its own, with the fake gateway and worker. The configuration is the argument. */
import { fileURLToPath } from 'node:url';
import { runSupervisor } from '../../src/supervisor/supervisor.ts';

process.exitCode = await runSupervisor(
  JSON.parse(process.argv[2]!),
  { onServing: (urls) => process.stdout.write(`${JSON.stringify(urls)}\n`) },
  {
    gateway: fileURLToPath(new URL('./fake-gateway.ts', import.meta.url)),
    worker: fileURLToPath(new URL('./fake-worker.ts', import.meta.url)),
  },
);
