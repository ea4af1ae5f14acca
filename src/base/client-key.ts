/**
 * What clients are told apart by: an IPv4 address, or the first 64 bits of an IPv6 address. Whoever has one IPv6
 * address has the 2^64 beside it, and could take another one for each request.
 */

/** `address`: as the system writes it, compressed; '' (a Unix socket) stays ''. */
export function clientKey(address: string): string {
  if (!address.includes(':')) return address;
  const [head = ''] = address.split('::', 1);
  const groups = head === '' ? [] : head.split(':');
  while (groups.length < 4) groups.push('0');
  return `${groups.slice(0, 4).join(':')}::/64`;
}
