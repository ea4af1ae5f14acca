/** Settings: other servers behind this one, as mod_wsgi-express names them; routes can say more. */
import { hostPattern, proxyUrl } from '../sections/types.ts';
import { map } from '../setting.ts';
import { urlPath } from '../value-types.ts';

export const proxying = {
  title: 'Reverse proxy',
  settings: {
    'proxy-mount-point': map(urlPath, proxyUrl, {
      help: 'sends what is below a URL path to another server, which gets the rest of the path',
      placeholder: 'URL TARGET',
    }),
    'proxy-virtual-host': map(hostPattern, proxyUrl, {
      help: 'sends all requests for a host name to another server',
      placeholder: 'HOST TARGET',
    }),
  },
};
