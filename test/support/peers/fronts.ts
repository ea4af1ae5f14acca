/** What the servers in front of ours have in common: where ours listens, and by which name a client says which way. */
import type { Destination } from '../raw-client.ts';
import type { Owner, Peer } from './peer.ts';

export type LinkProtocol = 'http' | 'scgi' | 'uwsgi' | 'fastcgi' | 'ajp';

/** One way from a server in front to ours. */
export interface Link {
  readonly protocol: LinkProtocol;
  /** HOST:PORT, or the path of a Unix socket. */
  readonly address: string;
  /** The Host field of the requests that go this way. */
  readonly host: string;
}

export interface Front extends Peer {
  readonly to: Destination;
}

export type StartFront = (owner: Owner, links: readonly Link[]) => Promise<Front>;

export function isPath(address: string): boolean {
  return address.startsWith('/');
}
