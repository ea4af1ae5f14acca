/** Apache httpd with mod_proxy. What the test wants of it stands in `sites`; it listens on one address. */
import { IS_ROOT, type Owner, ownLoopback, type Peer, skipWithout, startPeer } from './peer.ts';

const MODULES = '/usr/lib/apache2/modules';
const LOADED = ['mpm_event', 'authz_core', 'headers', 'setenvif', 'rewrite', 'alias', 'proxy', 'ssl'];
const PROXIES = ['proxy_http', 'proxy_scgi', 'proxy_fcgi', 'proxy_uwsgi', 'proxy_ajp', 'proxy_wstunnel'];
export const NO_APACHE = skipWithout('apache2', ...PROXIES.map((name) => `${MODULES}/mod_${name}.so`));

const PORT = 8002;

export interface Apache extends Peer {
  readonly to: { readonly host: string; readonly port: number };
}

export async function startApache(owner: Owner, sites: (folder: string) => string): Promise<Apache> {
  const host = ownLoopback();
  const peer = await startPeer(owner, {
    command: 'apache2',
    args: (folder) => ['-d', folder, '-f', `${folder}/apache.conf`, '-DFOREGROUND'],
    files: (folder) => ({ 'apache.conf': configuration(folder, host, sites(folder)) }),
    // Written when it listens.
    ready: 'apache.pid',
  });
  return { ...peer, to: { host, port: PORT } };
}

function configuration(folder: string, host: string, sites: string): string {
  const modules = [...LOADED, ...PROXIES].map(
    (name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`,
  );
  return `
${modules.join('\n')}
${IS_ROOT ? 'User www-data\nGroup www-data' : ''}
ServerName localhost
Listen ${host}:${PORT}
PidFile ${folder}/apache.pid
DefaultRuntimeDir ${folder}
Mutex posixsem
ErrorLog "|/bin/cat"
LogLevel info
StartServers 1
ServerLimit 1
ThreadLimit 32
ThreadsPerChild 32
MaxRequestWorkers 32
MinSpareThreads 1
MaxSpareThreads 32
LimitRequestFieldSize 65536
<Directory />
  AllowOverride None
  Require all granted
</Directory>
${sites}
`;
}
