/** The server's reading of a request: what is not one is null, what is missing has its default. */
import type { ServerChange } from './messages.ts';
import type { ControlRequest } from './protocol.ts';

const RECENT_DEFAULT = 10;
/** As in the setting `processes`. */
const WORKERS_MAX = 1024;
const PURGES = ['url', 'prefix', 'tag', 'all'];

export function parseRequest(line: string): ControlRequest | null {
  try {
    const request = JSON.parse(line);
    switch (request?.command) {
      case 'status':
      case 'restart':
        return { command: request.command };
      case 'reload': {
        const { application = null } = request;
        if (application !== null && typeof application !== 'string') return null;
        return { command: 'reload', application };
      }
      case 'ps':
        return { command: 'ps', stacks: request.stacks === true };
      case 'events': {
        const { recent = RECENT_DEFAULT } = request;
        if (!Number.isSafeInteger(recent) || recent < 0) return null;
        return { command: 'events', recent, follow: request.follow === true };
      }
      case 'scale': {
        const { application = null, min, max } = request;
        const isRange = Number.isSafeInteger(min) && Number.isSafeInteger(max);
        if (!isRange || min < 0 || max < Math.max(1, min) || max > WORKERS_MAX) return null;
        if (application !== null && typeof application !== 'string') return null;
        return { command: 'scale', application, min, max };
      }
      case 'purge': {
        const { kind, value = '' } = request.purge ?? {};
        return PURGES.includes(kind) && typeof value === 'string'
          ? { command: 'purge', purge: { kind, value } }
          : null;
      }
      case 'upstreams': {
        const { upstream = null, change = null } = request;
        if (upstream !== null && typeof upstream !== 'string') return null;
        if (change === null) return { command: 'upstreams', upstream, change };
        const known = serverChange(change);
        return known && { command: 'upstreams', upstream, change: known };
      }
      case 'stop':
        return { command: 'stop', now: request.now === true };
    }
  } catch {
    // Not JSON.
  }
  return null;
}

/** As in [upstreams]. */
const UPSTREAM_WEIGHT_MAX = 10_000;
const UPSTREAM_STATES = ['up', 'draining', 'disabled'];

function serverChange({ server, change }: ServerChange): ServerChange | null {
  if (typeof server !== 'string') return null;
  if ('weight' in change) {
    const { weight } = change;
    const isWeight = Number.isSafeInteger(weight) && weight >= 1 && weight <= UPSTREAM_WEIGHT_MAX;
    return isWeight ? { server, change: { weight } } : null;
  }
  const { state } = change;
  return UPSTREAM_STATES.includes(state) ? { server, change: { state } } : null;
}
