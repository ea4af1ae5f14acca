/**
 * Whether a request comes from a browser on this machine, whose user may see tracebacks. What the connection says
 * counts, never what the request claims. It is not enough, though:
 *
 * - A proxy on this machine connects from here, too, for clients from anywhere. So a request that says that it was
 *   forwarded is none of ours, true or not.
 * - A page from elsewhere can have a name of its own resolve to this machine (DNS rebinding), and then read the answer
 *   as its own. So the host must be an address, or a name that nobody else can have.
 */
import { isIP } from 'node:net';
import type { Request } from '../exchange.ts';

const FORWARDED = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
];
/** RFC 6761 and RFC 6762: never names of the public DNS. */
const PRIVATE_NAME = /(^|\.)(localhost|test|local|internal)\.?$/i;

export function isLocalClient({ remoteAddress, authority, fields }: Request): boolean {
  if (!isOwnAddress(remoteAddress)) return false;
  if (fields.names.some(({ lower }) => FORWARDED.includes(lower))) return false;
  return isOwnName(hostOf(authority));
}

/** '' is the peer of a Unix socket. */
function isOwnAddress(address: string): boolean {
  return address === '' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

/** A name without a dot is resolved by this network alone. */
function isOwnName(host: string): boolean {
  return isIP(host) !== 0 || !host.includes('.') || PRIVATE_NAME.test(host);
}

function hostOf(authority: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(authority);
  return bracketed?.[1] ?? authority.replace(/:\d*$/, '');
}
