/**
 * The gateway process: told by the supervisor what to serve, it puts the request path together and runs it.
 * It ends when the supervisor says so or is gone.
 */
import type { ToGateway, ToSupervisor } from '../control/messages.ts';
import { createLog } from '../telemetry/log.ts';
import { Gateway } from './gateway.ts';

export function runGateway(): Promise<void> {
  return new Promise((resolve) => {
    let gateway: Gateway | null = null;
    const tell = (message: ToSupervisor) => {
      if (process.connected) process.send!(message);
    };
    const stop = () => {
      process.off('message', onMessage);
      resolve();
      // Connections and files that are still open must not keep a process alive that has no supervisor.
      process.disconnect?.();
      process.exitCode = 0;
      setImmediate(() => process.exit());
    };
    const onMessage = (message: ToGateway) => {
      if (message.type === 'configure') {
        const { level } = message.configuration.logs;
        const log = createLog(`gateway ${process.pid}`, level, (line) => process.stderr.write(line));
        gateway = new Gateway(message, log, tell);
        gateway.start().then(
          () => tell({ type: 'serving' }),
          (error: Error) => tell({ type: 'not-serving', why: error.message }),
        );
      } else if (message.type === 'stop') {
        gateway?.drain().then(stop);
      } else gateway?.handle(message);
    };
    process.on('message', onMessage);
    process.on('disconnect', stop);
    // The supervisor decides when we stop; a signal meant for the whole group must not cut requests.
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {});
  });
}
