/** What becomes of a request that the gateway cannot wait for, as it has to end. */
import type { Exchange } from '../../exchange.ts';
import type { Log } from '../../telemetry/log.ts';

export function giveUp(exchange: Exchange, log: Log): void {
  // A WebSocket has no end of its own; its client comes back.
  if (exchange.status === 101) return exchange.abort(502, 'The server stops.');
  const { method, target, remoteAddress } = exchange.request;
  const worker = exchange.application?.workerName ?? null;
  const where = worker === null ? '' : `; it runs in ${worker}`;
  const what = `[request ${exchange.id}] ${method} ${target} from ${remoteAddress || 'a local client'}`;
  log.error('request-lost', `${what}: the gateway stops, and waits for it no longer${where}`);
  exchange.abort(502, 'The server stops.');
}
