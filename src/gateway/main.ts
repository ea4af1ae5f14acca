/**
 * The gateway process: told by the supervisor what to serve, it puts the request path together and runs it.
 * It ends when the supervisor says so or is gone.
 */
import { giveBackMemory } from '../base/give-back-memory.ts';
import type { ToGateway, ToSupervisor } from '../control/messages.ts';
import { createLog } from '../telemetry/log.ts';
import { ErrorOutput } from './error-output.ts';
import { forwardEvents } from './event-forwarding.ts';
import { Gateway } from './gateway.ts';
import { loadParts } from './parts.ts';

type Configure = Extract<ToGateway, { type: 'configure' }>;

/** Resolves when the process may end. */
export function runGateway(): Promise<void> {
  return new Promise((resolve) => {
    let configured: Promise<Gateway | null> = Promise.resolve(null);
    let draining = false;
    const drain = (lingerMs: number) => {
      draining = true;
      configured.then((gateway) => gateway?.drain(lingerMs)).then(resolve);
    };
    process.on('message', (message: ToGateway) => {
      if (message.type === 'configure') configured = configure(message);
      else if (message.type === 'stop') drain(message.lingerMs);
      else void configured.then((gateway) => gateway?.handle(message));
    });
    process.on('disconnect', resolve);
    // Asked a second time, it does not wait for its requests.
    process.on('SIGTERM', () => (draining ? configured.then((gateway) => gateway?.cut()) : drain(0)));
    // Signals that are meant for a whole group of processes are the supervisor's business.
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {});
  });
}

async function configure(message: Configure): Promise<Gateway | null> {
  const { level } = message.configuration.logs;
  const forward = forwardEvents((event) => tell({ type: 'event', event }));
  const output = new ErrorOutput();
  const log = createLog(`gateway ${process.pid}`, level, (line, level) => output.write(line, level), forward);
  try {
    const parts = await loadParts(message.configuration, message.listeners);
    const gateway = new Gateway(message, parts, log, output, tell);
    gateway.start().then(() => {
      tell({ type: 'serving' });
      // The workers are not ready yet.
      giveBackMemory();
    }, notServing);
    return gateway;
  } catch (error) {
    notServing(error as Error);
    return null;
  }
}

function notServing(error: Error): void {
  tell({ type: 'not-serving', why: error.message });
}

function tell(message: ToSupervisor): void {
  // A supervisor that has just ended is noticed by 'disconnect', not here.
  if (process.connected) process.send!(message, undefined, undefined, () => {});
}
