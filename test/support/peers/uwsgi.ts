/** uWSGI with one process of eight threads, so that a gate of one request can be opened by another. */
import { APPS } from '../vivarium.ts';
import { type Owner, type Peer, skipWithout, startPeer } from './peer.ts';

export const NO_UWSGI = skipWithout('uwsgi', '/usr/lib/uwsgi/plugins/python3_plugin.so');

/** Its kinds of sockets, by the protocol. */
const SOCKETS = { uwsgi: 'socket', scgi: 'scgi-socket', fastcgi: 'fastcgi-socket', http: 'http-socket' };
export type UwsgiProtocol = keyof typeof SOCKETS;

export interface Uwsgi extends Peer {
  /** By protocol: ports, and paths of Unix sockets. */
  readonly ports: Readonly<Record<UwsgiProtocol, number>>;
  readonly paths: Readonly<Record<UwsgiProtocol, string>>;
}

/** One server that speaks all of its protocols, over TCP and over Unix sockets. */
export async function startUwsgi(owner: Owner, application = 'twins/wsgi.py'): Promise<Uwsgi> {
  const protocols = Object.keys(SOCKETS) as UwsgiProtocol[];
  const [, folder, module] = /^(?:(.*)\/)?(.*)\.py$/.exec(application)!;
  const peer = await startPeer(owner, {
    command: 'uwsgi',
    args: (own) => [
      ...protocols.map((protocol) => `--${SOCKETS[protocol]}=127.0.0.1:0`),
      ...protocols.map((protocol) => `--${SOCKETS[protocol]}=${own}/${protocol}.sock`),
      ...['--plugin', 'python3', '--master', '--threads', '8', '--need-app', '--die-on-term'],
      // 64 KiB is the most that its protocol can say.
      ...['--buffer-size', '65535', '--worker-reload-mercy', '1'],
      ...['--chdir', `${APPS}${folder ?? ''}`, '--module', `${module}:application`],
    ],
    env: { PYTHONDONTWRITEBYTECODE: '1' },
    ready: /spawned uWSGI worker 1/,
  });
  const found = [...peer.process.output.matchAll(/bound to TCP address 127\.0\.0\.1:(\d+)/g)];
  const each = <T>(value: (protocol: UwsgiProtocol, n: number) => T) =>
    Object.fromEntries(protocols.map((protocol, n) => [protocol, value(protocol, n)])) as Record<
      UwsgiProtocol,
      T
    >;
  return {
    ...peer,
    ports: each((_, n) => Number(found[n]![1])),
    paths: each((protocol) => `${peer.folder}/${protocol}.sock`),
  };
}

/** With a configuration file of its own, which says everything. */
export function startUwsgiFile(owner: Owner, file: string): Promise<Peer> {
  return startPeer(owner, {
    command: 'uwsgi',
    // It would wait a minute for its threads to end.
    args: (own) => ['--ini', `${own}/uwsgi.ini`, '--worker-reload-mercy', '1'],
    files: () => ({ 'uwsgi.ini': file }),
    env: { PYTHONDONTWRITEBYTECODE: '1' },
    ready: /spawned uWSGI worker 1/,
  });
}
