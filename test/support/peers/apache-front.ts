/** Apache httpd in front of ours: `ProxyPass / PROTOCOL://…` and as little else as can be. */
import { startApache } from './apache.ts';
import { type Front, isPath, type Link, type LinkProtocol } from './fronts.ts';
import type { Owner } from './peer.ts';

const SCHEMES: Readonly<Record<LinkProtocol, string>> = {
  http: 'http',
  scgi: 'scgi',
  uwsgi: 'uwsgi',
  fastcgi: 'fcgi',
  ajp: 'ajp',
};

/** The others are told the path apart from the query. */
const TAKES_URLS: readonly LinkProtocol[] = ['http', 'ajp'];

export function startApacheFront(owner: Owner, links: readonly Link[]): Promise<Front> {
  return startApache(owner, () => links.map(siteOf).join(''));
}

function siteOf({ protocol, address, host }: Link): string {
  const scheme = SCHEMES[protocol];
  const target = isPath(address) ? `unix:${address}|${scheme}://${host}/` : `${scheme}://${address}/`;
  return `
<VirtualHost *>
  ServerName ${host}
  AllowEncodedSlashes NoDecode
  MergeSlashes Off
  ProxyPreserveHost On
  ProxyIOBufferSize 65536
  ProxyPass / ${target} flushpackets=on ${TAKES_URLS.includes(protocol) ? 'nocanon' : ''}
  <Location />
    CGIPassAuth On
  </Location>
</VirtualHost>`;
}
