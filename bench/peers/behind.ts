/** The server behind the stacks that pass requests on: the same for all, and as quick as can be. */
import type { Job, Launch } from './peer.ts';

export function socketBehind(job: Job): string {
  return `${job.directory}/behind.sock`;
}

export function serverBehind(job: Job): Pick<Launch, 'behind'> & { readonly files: Record<string, string> } {
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  const body = job.test.answer.body!.toString().replace('\n', '\\n');
  const configuration = `${user}daemon off;
worker_processes 1;
pid behind.pid;
events {
  worker_connections 1024;
}
http {
  access_log off;
  error_log stderr warn;
  keepalive_requests 1000000000;
  client_body_temp_path behind-body;
  proxy_temp_path behind-proxy;
  fastcgi_temp_path behind-fastcgi;
  uwsgi_temp_path behind-uwsgi;
  scgi_temp_path behind-scgi;
  server {
    listen unix:${socketBehind(job)};
    location / {
      return 200 "${body}";
    }
  }
}
`;
  return {
    behind: [['nginx', '-p', job.directory, '-e', 'stderr', '-c', `${job.directory}/behind.conf`]],
    files: { 'behind.conf': configuration },
  };
}
