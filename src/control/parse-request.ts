/** The server's reading of a request: what is not one is null, what is missing has its default. */
import type { ControlRequest } from './protocol.ts';

const RECENT_DEFAULT = 10;

export function parseRequest(line: string): ControlRequest | null {
  try {
    const request = JSON.parse(line);
    switch (request?.command) {
      case 'status':
      case 'reload':
      case 'restart':
        return { command: request.command };
      case 'ps':
        return { command: 'ps', stacks: request.stacks === true };
      case 'events': {
        const { recent = RECENT_DEFAULT } = request;
        if (!Number.isSafeInteger(recent) || recent < 0) return null;
        return { command: 'events', recent, follow: request.follow === true };
      }
      case 'stop':
        return { command: 'stop', now: request.now === true };
    }
  } catch {
    // Not JSON.
  }
  return null;
}
