/**
 * Rules about addresses, in nginx's words: `allow 10.0.0.0/8`, `deny all`. They are tried from top to bottom and the
 * first that fits decides; an address that none fits is allowed. `unix:` is a client on a Unix socket.
 */
import { AddressList, isNetwork } from './address-list.ts';

export const ADDRESS_RULE_ALLOWED =
  '"allow" or "deny" and an address, a network like 10.0.0.0/8, unix: or all, such as "deny 192.0.2.7"';

interface Rule {
  readonly allows: boolean;
  readonly fits: (address: string) => boolean;
}

/** `address`: '' for a client on a Unix socket. */
export type AddressRules = (address: string) => boolean;

export function isAddressRule(text: string): boolean {
  const [verb, whom, ...rest] = text.split(' ');
  if ((verb !== 'allow' && verb !== 'deny') || whom === undefined || rest.length > 0) return false;
  return whom === 'all' || whom === 'unix:' || isNetwork(whom);
}

/** `rules`: each as isAddressRule has it. */
export function compileAddressRules(rules: readonly string[]): AddressRules {
  const compiled = rules.map(compileRule);
  return (address) => compiled.find(({ fits }) => fits(address))?.allows ?? true;
}

function compileRule(text: string): Rule {
  const [verb, whom] = text.split(' ') as [string, string];
  const allows = verb === 'allow';
  if (whom === 'all') return { allows, fits: () => true };
  if (whom === 'unix:') return { allows, fits: (address) => address === '' };
  const network = new AddressList([whom]);
  return { allows, fits: (address) => network.has(address) };
}
