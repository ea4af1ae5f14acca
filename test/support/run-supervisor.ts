/** Runs the supervisor in a process of its own, with the fake gateway and worker. The configuration is the argument. */
import { fileURLToPath } from 'node:url';
import { runSupervisor } from '../../src/supervisor/supervisor.ts';

const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));

process.exitCode = await runSupervisor(
  JSON.parse(process.argv[2]!),
  { onServing: (urls) => process.stdout.write(`${JSON.stringify(urls)}\n`) },
  { gateway: program('./fake-gateway.ts'), worker: program('./fake-worker.ts') },
);
