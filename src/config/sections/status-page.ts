/** `status-page`: what the server is doing, on a page. */
import { section } from '../section.ts';
import { list } from '../setting.ts';
import { network } from './types.ts';

export interface StatusPageSettings {
  /** Who may see it: addresses and networks; none: clients on this machine. */
  readonly allow: readonly string[];
}

export const statusPage = section({
  help: 'shows what the server is doing: requests, processes, totals',
  short: 'allow',
  isSwitch: true,
  parts: {
    allow: list(network, {
      defaultText: 'clients on this machine',
      help: 'addresses and networks of those who may see it',
    }),
  },
  build: (values): StatusPageSettings => values,
});
