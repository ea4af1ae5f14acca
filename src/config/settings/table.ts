/** Every setting of Vivarium, in the order in which help and reference show them. */
import type { Setting, SettingGroup } from '../setting.ts';
import { access } from './access.ts';
import { application } from './application.ts';
import { command } from './command.ts';
import { development } from './development.ts';
import { limits, responses, timeouts } from './http.ts';
import { http2 } from './http2.ts';
import { listening, server } from './listening.ts';
import { logging } from './logging.ts';
import { processes } from './processes.ts';
import { proxying } from './proxying.ts';
import { recycling } from './recycling.ts';
import { reloading } from './reloading.ts';
import { staticFiles } from './static.ts';
import { tls } from './tls.ts';

export const groups: readonly SettingGroup[] = [
  application,
  command,
  listening,
  tls,
  access,
  processes,
  reloading,
  recycling,
  staticFiles,
  proxying,
  logging,
  limits,
  timeouts,
  responses,
  http2,
  development,
  server,
];

const table = {
  ...application.settings,
  ...command.settings,
  ...listening.settings,
  ...tls.settings,
  ...access.settings,
  ...processes.settings,
  ...reloading.settings,
  ...recycling.settings,
  ...staticFiles.settings,
  ...proxying.settings,
  ...logging.settings,
  ...limits.settings,
  ...timeouts.settings,
  ...responses.settings,
  ...http2.settings,
  ...development.settings,
  ...server.settings,
};

export type SettingName = keyof typeof table;

/** What every setting amounts to, once all sources are read. */
export type Values = {
  readonly [N in SettingName]: (typeof table)[N] extends Setting<infer T> ? T : never;
};

export const settings: Readonly<Record<SettingName, Setting>> = table;

export const settingNames = Object.keys(table) as readonly SettingName[];

/** Those of the whole server, in groups that are otherwise about an application. */
const OF_SERVER: readonly string[] = [
  'wsgi-directory',
  'drain-delay',
  'graceful-timeout',
  'eviction-timeout',
  'shutdown-timeout',
];

/** What [applications.NAME] may hold. */
const ofApplication: readonly string[] = [
  ...[application, command, processes, reloading, recycling, development].flatMap((group) =>
    Object.keys(group.settings),
  ),
  'user',
  'group',
].filter((name) => !OF_SERVER.includes(name));

export function isApplicationSetting(name: string): name is SettingName {
  return ofApplication.includes(name);
}

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(table, name);
}
