/** `[upstreams.NAME]`: servers that do the same, and how requests are spread over them. */
import { isNested, manyOf, nested, type PartValues, section } from '../section.ts';
import { one } from '../setting.ts';
import { parseUpstreamAddress, type UpstreamAddress } from '../upstream-address.ts';
import {
  ajpPacketSize,
  ajpSecret,
  bytes,
  choice,
  count,
  onOff,
  path,
  seconds,
  text,
} from '../value-types.ts';
import { type HealthCheckSettings, healthCheck } from './health-check.ts';
import { template, upstreamAddress } from './types.ts';

export interface UpstreamSettings {
  readonly members: readonly MemberSettings[];
  readonly policy: 'round-robin' | 'least-connections' | 'random-of-two' | 'hash';
  /** A template: what a hash is computed of. */
  readonly hashKey: string;
  readonly sticky: StickySettings | null;
  /** Requests that may wait for a server with room. */
  readonly queueMax: number;
  readonly queueTimeoutMs: number;
  readonly resolveIntervalMs: number;
  readonly pool: UpstreamPoolSettings;
  /** For servers with `https://`, and where `tls` was given for all but those with `http://`; null: none needs it. */
  readonly tls: TlsSettings | null;
  readonly healthCheck: HealthCheckSettings | null;
}

/** An address, or a name that leads to some. */
export interface MemberSettings extends UpstreamAddress {
  readonly weight: number;
  readonly isBackup: boolean;
  /** Requests at once; 0: no limit. */
  readonly connectionsMax: number;
  readonly state: 'up' | 'draining' | 'disabled';
  readonly isSecure: boolean;
}

export interface UpstreamPoolSettings {
  readonly keepAliveConnections: number;
  readonly keepAliveTimeoutMs: number;
  readonly keepAliveRequests: number;
  readonly maxFails: number;
  readonly failTimeoutMs: number;
  readonly slowStartMs: number;
  /** Bytes and number of fields of a response head. */
  readonly limits: { readonly headMax: number; readonly fieldsMax: number };
  /** What servers that speak AJP are told, '' for nothing, and the bytes of the largest packet that they take. */
  readonly ajp: { readonly secret: string; readonly packetBytes: number };
}

export interface StickySettings {
  readonly cookie: string;
  readonly maxAgeMs: number;
}

export interface TlsSettings {
  readonly verify: boolean;
  /** Null: the name of the server. */
  readonly serverName: string | null;
  /** Null: those that Node.js trusts. */
  readonly caFile: string | null;
  readonly certificateFile: string | null;
  readonly keyFile: string | null;
}

const server = section({
  help: 'a server',
  short: 'address',
  required: ['address'],
  parts: {
    address: one(upstreamAddress, {
      default: '',
      help: 'where it is; all addresses of a name are used, and it is looked up again and again',
    }),
    weight: one(count(1, 10_000), { default: 1, help: 'its part of the requests, compared with the others' }),
    backup: one(onOff, { default: false, help: 'gets requests only while all others cannot' }),
    'max-connections': one(count(0, 1_000_000), { default: 0, help: 'requests at once; 0 for no limit' }),
    down: one(onOff, { default: false, help: 'gets no requests' }),
  },
  build: (values) => ({
    ...parseUpstreamAddress(values.address)!,
    weight: values.weight,
    isBackup: values.backup,
    connectionsMax: values['max-connections'],
    state: values.down ? ('disabled' as const) : ('up' as const),
  }),
});

const sticky = section({
  help: 'a client comes back to the server it had, by a cookie',
  short: 'cookie',
  isSwitch: true,
  parts: {
    cookie: one(text('NAME', /^[!#$%&'*+.^_`|~\w-]+$/, 'a cookie name'), {
      default: 'vivarium_server',
      help: 'name of the cookie',
    }),
    'max-age': one(seconds('until the browser is closed'), { default: 0, help: 'how long it is kept' }),
  },
  build: (values): StickySettings => ({ cookie: values.cookie, maxAgeMs: values['max-age'] * 1000 }),
});

const tls = section({
  help: 'the connections to the servers are encrypted',
  isSwitch: true,
  parts: {
    verify: one(onOff, { default: true, help: 'refuse a server whose certificate is not trusted' }),
    'server-name': one(text('HOST'), { default: null, help: 'name that the certificate must have' }),
    'ca-file': one(path('FILE'), { default: null, help: 'certificates of the authorities to trust' }),
    'certificate-file': one(path('FILE'), { default: null, help: 'certificate to show to the servers' }),
    'key-file': one(path('FILE'), { default: null, help: 'its private key' }),
  },
  build: (values, place): TlsSettings => {
    if ((values['certificate-file'] === null) !== (values['key-file'] === null))
      place.refuse(null, 'one of certificate-file and key-file', 'both or none');
    return {
      verify: values.verify,
      serverName: values['server-name'],
      caFile: values['ca-file'],
      certificateFile: values['certificate-file'],
      keyFile: values['key-file'],
    };
  },
});

const parts = {
  servers: manyOf(server),
  policy: one(choice('round-robin', 'least-connections', 'random-of-two', 'hash'), {
    default: 'round-robin',
    help: 'which server gets the next request',
  }),
  'hash-key': one(template, {
    default: '{remote-address}',
    help: 'what decides about the server with policy = "hash"',
  }),
  sticky: nested(sticky),
  'max-queue': one(count(0, 100_000), {
    default: 100,
    help: 'requests that may wait while all servers have max-connections',
  }),
  'queue-timeout': one(seconds(), { default: 60, help: 'how long they may wait' }),
  'keep-alive': one(count(0, 10_000), {
    default: null,
    defaultText: '64, with FastCGI 0',
    help: 'idle connections kept for each server',
  }),
  'keep-alive-timeout': one(seconds(), { default: 60, help: 'how long they are kept' }),
  'keep-alive-requests': one(count(1, 1_000_000_000), {
    default: 10_000,
    help: 'requests on one connection',
  }),
  'max-fails': one(count(0, 10_000), {
    default: 1,
    help: 'failures within fail-timeout after which a server gets no requests; 0 for never',
  }),
  'fail-timeout': one(seconds(), { default: 10, help: 'how long it gets none' }),
  'slow-start': one(seconds('at once'), {
    default: 0,
    help: 'time in which a server that is back comes to its full weight',
  }),
  'resolve-interval': one(seconds(), { default: 30, help: 'time until names are looked up again' }),
  'limit-response-head': one(bytes({ min: 1024, max: 2 ** 24 }), {
    default: 65_536,
    help: 'bytes of the head of a response',
  }),
  'limit-response-fields': one(count(1, 10_000), { default: 200, help: 'number of its header fields' }),
  'ajp-secret': one(ajpSecret, {
    default: null,
    help: 'what servers that speak AJP want to be told (secret of the Connector in Tomcat)',
  }),
  'ajp-packet-size': one(ajpPacketSize, {
    default: 8192,
    help: 'largest packet that servers that speak AJP take (packetSize of the Connector in Tomcat)',
  }),
  tls: nested(tls),
  'health-check': nested(healthCheck),
};

type Values = PartValues<typeof parts>;

export const upstream = section({
  help: 'servers that do the same, and how requests are spread over them',
  short: 'servers',
  required: ['servers'],
  parts,
  build: (values, place): UpstreamSettings => {
    if (values.servers.length === 0) place.refuse('servers', 'none', 'at least one server');
    return settingsOf(values);
  },
});

/** For a route that names a server by its URL: one server, and the defaults. */
export function upstreamOf(address: UpstreamAddress): UpstreamSettings {
  const defaults = Object.entries(parts).map(([name, part]) => [name, isNested(part) ? null : part.default]);
  const member = { ...address, weight: 1, isBackup: false, connectionsMax: 0, state: 'up' as const };
  return settingsOf({ ...Object.fromEntries(defaults), servers: [member] } as Values);
}

function settingsOf(values: Values): UpstreamSettings {
  const { tls, servers } = values;
  // Who says http:// of one server does not mean HTTPS, whatever is said of all.
  const isSecure = ({ scheme }: UpstreamAddress) => scheme === 'https' || (tls !== null && scheme !== 'http');
  const members = servers.map((member) => ({ ...member, isSecure: isSecure(member) }));
  return {
    members,
    policy: values.policy,
    hashKey: values['hash-key'],
    sticky: values.sticky,
    queueMax: values['max-queue'],
    queueTimeoutMs: values['queue-timeout'] * 1000,
    resolveIntervalMs: values['resolve-interval'] * 1000,
    pool: {
      keepAliveConnections: values['keep-alive'] ?? defaultKeepAlive(members),
      keepAliveTimeoutMs: values['keep-alive-timeout'] * 1000,
      keepAliveRequests: values['keep-alive-requests'],
      maxFails: values['max-fails'],
      failTimeoutMs: values['fail-timeout'] * 1000,
      slowStartMs: values['slow-start'] * 1000,
      limits: { headMax: values['limit-response-head'], fieldsMax: values['limit-response-fields'] },
      ajp: { secret: values['ajp-secret'] ?? '', packetBytes: values['ajp-packet-size'] },
    },
    tls: tls ?? (members.some((member) => member.isSecure) ? TRUSTING_THE_SYSTEM : null),
    healthCheck: values['health-check'],
  };
}

/**
 * A process of PHP-FPM or libfcgi serves one connection: those kept idle would take it from requests that wait on others.
 * nginx and Apache do not keep them either, unless they are told to.
 */
function defaultKeepAlive(members: readonly UpstreamAddress[]): number {
  return members.some(({ scheme }) => scheme === 'fastcgi') ? 0 : 64;
}

const TRUSTING_THE_SYSTEM: TlsSettings = {
  verify: true,
  serverName: null,
  caFile: null,
  certificateFile: null,
  keyFile: null,
};
