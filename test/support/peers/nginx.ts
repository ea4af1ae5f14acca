/** nginx. What the test wants of it stands in `http` and `stream`; Paths in it have to be whole. */
import { IS_ROOT, type Owner, type Peer, skipWithout, startPeer } from './peer.ts';

export const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';
export const NO_NGINX = skipWithout('nginx');
export const NO_NGINX_STREAM = skipWithout('nginx', STREAM_MODULE);

export interface NginxBlocks {
  readonly http?: string;
  readonly stream?: string;
}

export function startNginx(owner: Owner, blocks: (folder: string) => NginxBlocks): Promise<Peer> {
  return startPeer(owner, {
    command: 'nginx',
    args: (folder) => ['-p', folder, '-e', 'stderr', '-c', `${folder}/nginx.conf`],
    files: (folder) => ({ 'nginx.conf': configuration(blocks(folder)) }),
    ready: 'nginx.pid',
  });
}

function configuration({ http = '', stream }: NginxBlocks): string {
  return `
${stream === undefined ? '' : `load_module ${STREAM_MODULE};`}
${IS_ROOT ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr info;
events {
  worker_connections 512;
}
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
${http}
}
${stream === undefined ? '' : `stream {\n${stream}\n}`}
`;
}
