/** The operator's signals. A terminal that was closed means stop, although its signal is the one that means reload. */
import { closeSync, openSync } from 'node:fs';

export interface SignalActions {
  stop(): void;
  quickStop(): void;
  reload(): void;
  reopenLogs(): void;
  scaleUp(): void;
  scaleDown(): void;
}

/** Returns a function that gives the signals their default meaning back. */
export function handleSignals(actions: SignalActions): () => void {
  const hadTerminal = hasTerminal();
  const handlers: [NodeJS.Signals, () => void][] = [
    ['SIGTERM', actions.stop],
    ['SIGINT', actions.stop],
    ['SIGQUIT', actions.quickStop],
    ['SIGHUP', () => (hadTerminal && !hasTerminal() ? actions.stop() : actions.reload())],
    ['SIGUSR1', actions.reopenLogs],
    ['SIGTTIN', actions.scaleUp],
    ['SIGTTOU', actions.scaleDown],
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

/** Whether this process has a controlling terminal that is still there. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
