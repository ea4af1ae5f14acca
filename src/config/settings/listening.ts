/** Settings: sockets and the identity the server runs under. */

import { forwardingHeader, network, trustedProxy } from '../proxy-types.ts';
import { list, one } from '../setting.ts';
import { ajpPacketSize, ajpSecret, count, fileMode, listenAddress, path, text } from '../value-types.ts';

const BACKLOG_MAX = 65535;

export const listening = {
  title: 'Listening',
  settings: {
    host: one(text('HOST', /^[^\s/\0]+$/, 'a host name or an IP address'), {
      default: '127.0.0.1',
      help: 'address to listen on; 0.0.0.0 for every IPv4 address',
    }),
    port: one(count(0, 65535, 'PORT'), { default: 8000, help: 'port to listen on; 0 for any free one' }),
    listen: list(listenAddress, {
      defaultText: 'HOST:PORT of the above, or the sockets systemd passes',
      help: 'HOST:PORT, [IPV6]:PORT, :PORT, unix:PATH or fd:N, instead of --host and --port; https://… for TLS, scgi://… for a web server that speaks SCGI, proxy://… for the PROXY protocol',
    }),
    'chmod-socket': one(fileMode, {
      default: null,
      defaultText: '666 for HTTP, 660 for gateway protocols',
      help: 'permissions of the Unix sockets of --listen',
    }),
    'chown-socket': one(text('OWNER', /^[^:\s\0]*(:[^:\s\0]+)?$/, 'USER, USER:GROUP or :GROUP'), {
      default: null,
      defaultText: 'those the server is started with',
      help: 'owner and group of the Unix sockets of --listen: USER, USER:GROUP or :GROUP',
    }),
    'gateway-allow-ips': list(network, {
      defaultText: '127.0.0.0/8 and ::1',
      help: 'address or network of a web server that may connect to a TCP address of --listen with a gateway protocol',
    }),
    'admin-listen': one(listenAddress, {
      default: null,
      defaultText: 'none: there are no metrics and health checks',
      help: 'address for /metrics, /live and /ready, in the forms of --listen',
    }),
    'server-backlog': one(count(1, BACKLOG_MAX), {
      default: 500,
      help: 'connections that may wait in the kernel to be accepted',
    }),
    'trust-proxy': list(trustedProxy, {
      help: 'address or network of a proxy whose forwarding headers are believed; those of others are removed',
    }),
    'trust-proxy-header': list(forwardingHeader, {
      defaultText: 'X-Forwarded-For and X-Forwarded-Proto',
      help: 'header of trusted proxies that is believed; all others are removed',
    }),
    'ajp-secret': one(ajpSecret, {
      default: null,
      defaultText: 'none: no secret is asked for',
      help: 'what a web server that speaks AJP has to know (secret=… of ProxyPass in Apache)',
    }),
    'ajp-packet-size': one(ajpPacketSize, {
      default: 8192,
      help: 'largest packet that a web server that speaks AJP takes (ProxyIOBufferSize of Apache)',
    }),
    'max-clients': one(count(1, 1_000_000), { default: 20_000, help: 'simultaneous client connections' }),
  },
};

export const server = {
  title: 'Server',
  settings: {
    config: one(path('FILE'), {
      default: null,
      defaultText: "vivarium.toml or pyproject.toml in the application's directory",
      help: 'configuration file',
      notInFile: true,
    }),
    'server-root': one(path('DIRECTORY'), {
      default: null,
      defaultText: 'a fresh private directory under the temporary directory',
      help: 'directory for sockets and temporary files',
    }),
    'pid-file': one(path('FILE'), { default: null, help: 'file to write the process id to' }),
    user: one(text('USER'), { default: null, help: 'user to run as, by name or number; needs root' }),
    group: one(text('GROUP'), {
      default: null,
      defaultText: "the user's group",
      help: 'group to run as, by name or number; needs root',
    }),
  },
};
