/** lighttpd in front of ours. It speaks uwsgi with its module for SCGI. */
import { type Front, isPath, type Link } from './fronts.ts';
import { type Owner, ownLoopback, skipWithout, startPeer } from './peer.ts';

export const NO_LIGHTTPD = skipWithout('lighttpd');
const PORT = 8003;

export async function startLighttpdFront(owner: Owner, links: readonly Link[]): Promise<Front> {
  const host = ownLoopback();
  const peer = await startPeer(owner, {
    command: 'lighttpd',
    args: (folder) => ['-D', '-f', `${folder}/lighttpd.conf`],
    files: (folder) => ({
      'lighttpd.conf': `
server.modules = ("mod_proxy", "mod_scgi", "mod_fastcgi")
server.document-root = "${folder}"
server.bind = "${host}"
server.port = ${PORT}
server.pid-file = "${folder}/lighttpd.pid"
server.upload-dirs = ("${folder}")
server.max-request-field-size = 65536
server.stream-response-body = 1
${links.map(siteOf).join('')}`,
    }),
    // Written when it listens.
    ready: 'lighttpd.pid',
  });
  return { ...peer, to: { host, port: PORT } };
}

function siteOf({ protocol, address, host }: Link): string {
  const [, name, port] = /^(.*):(\d+)$/.exec(address) ?? [];
  const where = isPath(address) ? `"socket" => "${address}"` : `"host" => "${name}", "port" => ${port}`;
  const server = `("/" => ((${where}, "check-local" => "disable", "fix-root-scriptname" => "enable")))`;
  const lines = {
    http: `proxy.server = ("" => ((${where})))`,
    fastcgi: `fastcgi.server = ${server}`,
    scgi: `scgi.server = ${server}`,
    uwsgi: `scgi.protocol = "uwsgi"\n  scgi.server = ${server}`,
    ajp: '',
  };
  return `
$HTTP["host"] == "${host}" {
  ${lines[protocol]}
}`;
}
