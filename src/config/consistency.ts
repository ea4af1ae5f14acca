/** Rules that hold between settings, and between settings and this machine. */
import { isDeepStrictEqual } from 'node:util';
import { findGroup, findUser } from '../base/accounts.ts';
import { isLoopback } from '../base/address-list.ts';
import { listenBeatsPort } from './build.ts';
import type { ApplicationSettings } from './configuration.ts';
import { findCommandMistakes } from './find-command.ts';
import { parseListenAddress } from './listen-address.ts';
import { type Origin, placeOf } from './origin.ts';
import { type Entry, entryOf, type Resolved } from './resolve.ts';
import { type SettingName, settings, type Values } from './settings/table.ts';
import { kindOf } from './target/target.ts';
import { isMounted } from './warmup.ts';

/** Not more than: [the smaller, the greater, whether 0 of the greater means no limit]. */
const ORDERED: readonly [SettingName, SettingName, boolean][] = [
  ['limit-request-line', 'limit-request-head', false],
  ['limit-request-field-size', 'limit-request-head', false],
  ['header-timeout', 'header-max-timeout', false],
  ['body-timeout', 'body-max-timeout', true],
  ['memory-limit', 'memory-limit-hard', true],
];

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** What is wrong, each complete with its place. */
export function findContradictions({ values, entries }: Resolved): string[] {
  const mistakes: string[] = [];
  for (const [lesser, greater, zeroIsNone] of ORDERED) {
    const [low, high] = [Number(values[lesser]), Number(values[greater])];
    if (low <= high || (zeroIsNone && high === 0)) continue;
    const format = (name: SettingName, value: number) => settings[name].type.format(value);
    const blamed = isDefault(entries, lesser) ? greater : lesser;
    const [found, allowed] =
      blamed === lesser
        ? [format(lesser, low), `no more than ${greater}, which is ${format(greater, high)}`]
        : [format(greater, high), `no less than ${lesser}, which is ${format(lesser, low)}`];
    mistakes.push(`${place(entries, blamed)}: found ${found}; allowed: ${allowed}`);
  }
  for (const url of values.warmup) {
    if (isMounted(url, values['mount-point'])) continue;
    const allowed = `paths below mount-point, which is ${values['mount-point']}`;
    mistakes.push(`${place(entries, 'warmup')}: found ${JSON.stringify(url)}; allowed: ${allowed}`);
  }
  mistakes.push(...findCommandMistakes(values, entries), ...findToolMistakes(values, entries));
  mistakes.push(...findSharedAddress(values, entries), ...findProxiedAddresses(values, entries));
  mistakes.push(...findOpenAjp(values, entries));
  const directory = values['working-directory'];
  if (directory !== null && kindOf(directory) !== 'directory') {
    mistakes.push(
      `${place(entries, 'working-directory')}: found ${JSON.stringify(directory)}; there is no such directory`,
    );
  }
  return mistakes;
}

/** What tools for development cannot work with. */
function findToolMistakes(values: Values, entries: readonly Entry[]): string[] {
  const mistakes: string[] = [];
  const onlyOne = (name: 'processes' | 'threads', because: SettingName) => {
    const most = name === 'processes' ? (values.processes?.max ?? 1) : values.threads;
    const found = () => settings[name].type.format(values[name]);
    if (most > 1) mistakes.push(`${place(entries, name)}: found ${found()}; allowed: 1 with ${because}`);
  };
  if (values['enable-debugger']) {
    onlyOne('processes', 'enable-debugger');
    onlyOne('threads', 'enable-debugger');
  } else if (values['debugger-startup']) {
    mistakes.push(`${place(entries, 'debugger-startup')}: found without enable-debugger; allowed: both`);
  }
  if (values['enable-profiler'] && !values['enable-debugger']) onlyOne('threads', 'enable-profiler');
  return mistakes;
}

/** Who may speak for others must be named, and for operators nobody does. */
function findProxiedAddresses(values: Values, entries: readonly Entry[]): string[] {
  const isProxied = (address: string | null) => address?.startsWith('proxy') ?? false;
  const mistakes: string[] = [];
  const untrusted = values['trust-proxy'].length === 0 && values.listen.find(isProxied);
  if (untrusted) {
    const found = `found ${JSON.stringify(untrusted)} without trust-proxy`;
    mistakes.push(
      `${place(entries, 'listen')}: ${found}; allowed: both, so that not everybody can claim to be anybody`,
    );
  }
  const unknowable = values.listen.find((address) => address.startsWith('proxy+https://unix:'));
  if (unknowable !== undefined)
    mistakes.push(
      `${place(entries, 'listen')}: found ${JSON.stringify(unknowable)}; allowed: TLS or the PROXY protocol on a Unix socket`,
    );
  if (values['admin-listen'] !== null && parseListenAddress(values['admin-listen'])?.protocol !== undefined)
    mistakes.push(
      `${place(entries, 'admin-listen')}: found a gateway protocol; allowed: an address that speaks HTTP`,
    );
  if (isProxied(values['admin-listen']))
    mistakes.push(
      `${place(entries, 'admin-listen')}: found the PROXY protocol; allowed: an address without it`,
    );
  return mistakes;
}

/** Whoever reaches an AJP listener says who its users are: from another machine not without a secret (CVE-2020-1938). */
function findOpenAjp(values: Values, entries: readonly Entry[]): string[] {
  const open = values.listen.find((address) => /^ajp:\/\/(?!unix:)/.test(address));
  const stranger = values['gateway-allow-ips'].find((network) => !isLoopback(network));
  if (open === undefined || stranger === undefined || values['ajp-secret'] !== null) return [];
  const found = `found ${JSON.stringify(open)} for ${stranger} without ajp-secret`;
  return [`${place(entries, 'listen')}: ${found}; allowed: both, or only addresses of this machine`];
}

/** One socket cannot be for clients and for operators. Port 0 is another one each time. */
function findSharedAddress(values: Values, entries: readonly Entry[]): string[] {
  const admin = values['admin-listen'];
  if (admin === null || /:0$/.test(admin)) return [];
  const https = values['https-port'] === null ? [] : [`${values.host}:${values['https-port']}`];
  const site = [...(listenBeatsPort(entries) ? values.listen : [`${values.host}:${values.port}`]), ...https];
  const isShared = site.some((address) =>
    // Whatever is spoken there, it is the same address.
    isDeepStrictEqual(socketOf(address), socketOf(admin)),
  );
  if (!isShared) return [];
  const found = `${place(entries, 'admin-listen')}: found ${JSON.stringify(admin)}`;
  return [`${found}; allowed: an address that the site does not listen on`];
}

function socketOf(text: string): object {
  const { tls: _tls, proxied: _proxied, protocol: _protocol, ...socket } = parseListenAddress(text)!;
  return socket;
}

/** The user and group to run as; null when they are those we have. `processUid` is who we are. */
export function findIdentity(
  { values, entries }: Resolved,
  processUid: number,
): { readonly identity: Identity | null; readonly mistakes: readonly string[] } {
  const mistakes: string[] = [];
  const user = values.user === null ? null : (findUser(values.user) ?? numbered(values.user));
  const group = values.group === null ? null : (findGroup(values.group) ?? numbered(values.group));
  const refuse = (name: 'user' | 'group', why: string) =>
    mistakes.push(`${place(entries, name)}: found ${JSON.stringify(values[name])}; ${why}`);
  if (values.user !== null && user === null) refuse('user', 'there is no such user');
  if (values.group !== null && group === null) refuse('group', 'there is no such group');
  if (processUid !== 0) {
    if (user !== null && user.uid !== processUid) refuse('user', 'only root can run as another user');
    if (group !== null && group.gid !== process.getgid?.()) refuse('group', 'only root can change the group');
    return { identity: null, mistakes };
  }
  if (user === null && group === null) return { identity: null, mistakes };
  return { identity: { uid: user?.uid ?? 0, gid: group?.gid ?? user?.gid ?? 0 }, mistakes };
}

/** A number without an entry is allowed, as containers have them. Its group is then its own number. */
function numbered(name: string): Identity | null {
  return /^\d+$/.test(name) ? { uid: Number(name), gid: Number(name) } : null;
}

/** What will not stop the server but deserves a word. */
export function findDoubts(
  values: Values,
  applications: readonly Pick<ApplicationSettings, 'name' | 'user'>[],
  environment: Readonly<Record<string, string | undefined>>,
  processUid: number,
): string[] {
  const doubts: string[] = [];
  for (const [url, path] of Object.entries(values['url-alias'])) {
    if (kindOf(path) === null) doubts.push(`url-alias ${url}: there is no ${path} yet`);
  }
  for (const name of values.passenv) {
    if (environment[name] === undefined) doubts.push(`passenv ${name}: the environment has no such variable`);
  }
  for (const [url, path] of Object.entries(values['wsgi-directory'])) {
    if (kindOf(path) !== 'directory') doubts.push(`wsgi-directory ${url}: there is no directory ${path} yet`);
  }
  if (processUid !== 0) return doubts;
  for (const { name, user } of applications) {
    if (user !== null && user !== 'root' && user !== '0') continue;
    const which = applications.length === 1 ? 'the application' : `the application ${name}`;
    doubts.push(`${which} runs as root; name another user with --user`);
  }
  return doubts;
}

function isDefault(entries: readonly Entry[], name: SettingName): boolean {
  return originOf(entries, name).kind === 'default';
}

function place(entries: readonly Entry[], name: SettingName): string {
  return placeOf(originOf(entries, name), name);
}

function originOf(entries: readonly Entry[], name: SettingName): Origin {
  return entryOf(entries, name)?.origin ?? { kind: 'default' };
}
