/** A list of IP addresses and networks (`10.0.0.0/8`, `2001:db8::/32`, `192.0.2.7`), compiled for looking things up. */
import { BlockList, isIP } from 'node:net';

/** Is it an address, or a network whose prefix length fits? */
export function isNetwork(text: string): boolean {
  const [address, bits, ...rest] = text.split('/');
  const family = isIP(address!);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** Is all of the network on this machine? */
export function isLoopback(network: string): boolean {
  const [address = '', bits = '128'] = network.split('/');
  return (address.startsWith('127.') && Number(bits) >= 8) || (address === '::1' && Number(bits) === 128);
}

export class AddressList {
  readonly #list = new BlockList();

  /** `networks`: each as isNetwork has it. */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address, bits] = network.split('/');
      const family = familyOf(address!);
      this.#list.addSubnet(
        address!,
        bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits),
        family,
      );
    }
  }

  /** `address`: of a peer; '' (a Unix socket) is in no list. */
  has(address: string): boolean {
    return address !== '' && isIP(address) !== 0 && this.#list.check(address, familyOf(address));
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
