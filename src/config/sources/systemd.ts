/** Sockets that systemd passes (sd_listen_fds(3)): descriptors from 3 on, if they are meant for this process. */
import type { Given } from './given.ts';

const FIRST_FD = 3;

export function socketsOfSystemd(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): Given[] {
  const count = Number(environment.LISTEN_FDS);
  if (Number(environment.LISTEN_PID) !== pid || !Number.isInteger(count) || count < 1) return [];
  const raw = Array.from({ length: count }, (_, i) => `fd:${FIRST_FD + i}`);
  const origin = { kind: 'detected', from: 'sockets of systemd' } as const;
  return [{ name: 'listen', key: null, raw, origin, directory: '/' }];
}
