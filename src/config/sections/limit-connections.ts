/** `[limit-connections]`: how many connections one client may have. */
import { isNetwork } from '../../base/address-list.ts';
import { section } from '../section.ts';
import { list, one } from '../setting.ts';
import { count, onOff } from '../value-types.ts';
import { checked } from './types.ts';

export interface LimitConnectionsSettings {
  readonly max: number;
  /** Addresses and networks that have no limit. Trusted proxies have none, either. */
  readonly exempt: readonly string[];
  /** Connections are only logged, and not turned away. */
  readonly dryRun: boolean;
  /** Where it stands, for messages. */
  readonly place: string;
}

const NONE = 'none';
const LOOPBACK = ['127.0.0.0/8', '::1'];

const exempted = checked(
  'ADDRESS',
  'an IP address, a network like 10.0.0.0/8 or 2001:db8::/32, or none',
  (text) => text === NONE || isNetwork(text),
);

export const limitConnections = section({
  help: 'how many connections one client may have at the same time',
  short: 'max',
  required: ['max'],
  parts: {
    max: one(count(1, 1_000_000), { default: null, help: 'connections of one client' }),
    exempt: list(exempted, {
      defaultText: 'those of this machine',
      help: 'addresses and networks without a limit; trusted proxies have none; none: all others have it',
    }),
    'dry-run': one(onOff, { default: false, help: 'only log what would be turned away' }),
  },
  build: ({ max, exempt, 'dry-run': dryRun }, place): LimitConnectionsSettings => {
    if (exempt.includes(NONE) && exempt.length > 1)
      place.refuse('exempt', 'none and others', 'one or the other');
    const networks = exempt.filter((one) => one !== NONE);
    return { max: max!, exempt: exempt.length === 0 ? LOOPBACK : networks, dryRun, place: place.text };
  },
});
