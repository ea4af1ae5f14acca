/** Servers of upstreams for unit tests: nothing is connected to. */
import type { Log } from '../../src/telemetry/log.ts';
import { type PoolSettings, type ServerSettings, UpstreamServer } from '../../src/upstreams/server.ts';

export const POOL: PoolSettings = {
  keepAliveConnections: 4,
  keepAliveTimeoutMs: 60_000,
  keepAliveRequests: 100,
  maxFails: 1,
  failTimeoutMs: 10_000,
  slowStartMs: 0,
  limits: { headMax: 65_536, fieldsMax: 200 },
  ajp: { secret: '', packetBytes: 8192 },
};

export function fakeServer(
  name: string,
  settings: Partial<ServerSettings> = {},
  pool: Partial<PoolSettings> = {},
): UpstreamServer {
  const endpoint = { protocol: null, path: null, host: '127.0.0.1', port: 9, tls: null };
  const all = { weight: 1, isBackup: false, connectionsMax: 0, state: 'up' as const, ...settings };
  return new UpstreamServer(name, endpoint, all, { ...POOL, ...pool });
}

export const SILENT_LOG: Log = { debug() {}, info() {}, warn() {}, error() {} };
