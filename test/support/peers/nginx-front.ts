/** nginx in front of ours, with the parameter files that it comes with. */
import { type Front, isPath, type Link, type LinkProtocol } from './fronts.ts';
import { startNginx } from './nginx.ts';
import { type Owner, ownLoopback } from './peer.ts';

const PORT = 8001;

/** The answer is passed on as it comes, which is not the default of any of them. */
const PASSES: Readonly<Record<Exclude<LinkProtocol, 'ajp'>, (name: string) => string>> = {
  http: (name) => `
      proxy_pass http://${name};
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_set_header Host $host;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr;`,
  scgi: (name) => `include /etc/nginx/scgi_params; scgi_pass ${name}; scgi_buffering off;`,
  uwsgi: (name) => `include /etc/nginx/uwsgi_params; uwsgi_pass ${name}; uwsgi_buffering off;`,
  fastcgi: (name) => `
      include /etc/nginx/fastcgi_params;
      fastcgi_pass ${name};
      fastcgi_buffering off;
      fastcgi_keep_conn on;`,
};

export async function startNginxFront(owner: Owner, links: readonly Link[]): Promise<Front> {
  const host = ownLoopback();
  const peer = await startNginx(owner, () => ({
    http: `
  client_max_body_size 64m;
  large_client_header_buffers 4 64k;
${links.map((link, n) => siteOf(link, `link${n}`, host)).join('')}`,
  }));
  return { ...peer, to: { host, port: PORT } };
}

function siteOf({ protocol, address, host }: Link, name: string, listen: string): string {
  const keeps = protocol === 'http' || protocol === 'fastcgi' ? 'keepalive 4;' : '';
  return `
  upstream ${name} { server ${isPath(address) ? `unix:${address}` : address}; ${keeps} }
  server {
    listen ${listen}:${PORT};
    server_name ${host};
    location / { ${PASSES[protocol as keyof typeof PASSES](name)} }
  }`;
}
