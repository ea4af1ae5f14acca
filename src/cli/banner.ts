/** What the server says once it serves, after the model of `mod_wsgi-express start-server`. */
import { join } from 'node:path';
import type {
  ApplicationSettings,
  Configuration,
  RecyclingSettings,
  SiteSettings,
} from '../config/configuration.ts';
import { formatProcessRange, formatTarget } from '../config/format.ts';

export function formatBanner(
  configuration: Configuration,
  urls: readonly string[],
  adminUrls: readonly string[] = [],
): string {
  const { serverRoot, sites, applications, gracefulTimeoutMs, http, pidFile } = configuration;
  const mounted = (url: string) =>
    !url.startsWith('http')
      ? url
      : `${url.replace(/\/$/, '')}${applications.length === 1 ? applications[0]!.mountPoint : '/'}`;
  const rows: [label: string, value: string][] = [
    ...urls.map((url): [string, string] => ['Server URL', mounted(url)]),
    ...adminUrls.map((url): [string, string] => ['Admin URL', url]),
    ['Server Root', serverRoot],
    ...(applications.length === 1 ? applicationRows(applications[0]!) : applications.map(briefRow)),
    ['Graceful Timeout', seconds(gracefulTimeoutMs)],
    ['Keep-alive Timeout', seconds(http.keepAliveTimeoutMs)],
    ...sites.flatMap(siteRows),
    ...logRows(configuration),
    ...(pidFile === null ? [] : [['Pid File', pidFile] as [string, string]]),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)} : ${value}\n`).join('');
}

function siteRows({ hosts, urlAliases }: SiteSettings): [string, string][] {
  return [
    ...(hosts.length === 0 ? [] : [['Site', hosts.join(', ')] as [string, string]]),
    ...urlAliases.map(({ url, path }): [string, string] => ['Static Files', `${url} from ${path}`]),
  ];
}

/** One of several. */
function briefRow(application: ApplicationSettings): [string, string] {
  const { name, target, interpreterVersion, processes, threads } = application;
  const capacity = `${formatProcessRange(processes)} * ${threads}`;
  const python = target.kind === 'command' ? '' : `, Python ${interpreterVersion}`;
  return ['Application', `${name}: ${formatTarget(target)}${python}, ${capacity}`];
}

function applicationRows(application: ApplicationSettings): [string, string][] {
  const { target, interpreter, interpreterVersion, processes, threads } = application;
  const isCommand = target.kind === 'command';
  const python: [string, string] = ['Interpreter', `${interpreter} (Python ${interpreterVersion})`];
  const processesText = `${formatProcessRange(processes)} ${processes.max === 1 ? 'process' : 'processes'}`;
  const capacity = { min: processes.min * threads, max: processes.max * threads };
  const each = isCommand ? 'connection' : 'thread';
  const eachText = `${threads} ${threads === 1 ? each : `${each}s`}`;
  return [
    ...(isCommand ? [] : [python]),
    ['Application', formatTarget(target)],
    ['Request Capacity', `${formatProcessRange(capacity)} (${processesText} * ${eachText})`],
    ['Startup Timeout', timeout(application.startupTimeoutMs)],
    ['Queue Size', `${application.queueSize} (requests)`],
    ['Queue Timeout', timeout(application.queueTimeoutMs)],
    ['Request Timeout', timeout(application.requestTimeoutMs)],
    ...recyclingRows(application.recycling),
  ];
}

/** Only what is set. */
function recyclingRows(limits: RecyclingSettings): [string, string][] {
  const rows: [string, number, string][] = [
    ['Maximum Requests', limits.maximumRequests, `${limits.maximumRequests} (requests)`],
    ['Restart Interval', limits.restartIntervalMs, seconds(limits.restartIntervalMs)],
    ['Inactivity Timeout', limits.inactivityTimeoutMs, seconds(limits.inactivityTimeoutMs)],
    ['CPU Time Limit', limits.cpuTimeLimitMs, seconds(limits.cpuTimeLimitMs)],
    ['Memory Limit', limits.memoryLimit, `${limits.memoryLimit} (bytes)`],
    ['Memory Limit Hard', limits.memoryLimitHard, `${limits.memoryLimitHard} (bytes)`],
  ];
  return rows.filter(([, limit]) => limit > 0).map(([label, , text]) => [label, text]);
}

function logRows({ logs }: Configuration): [string, string][] {
  const file = (name: string) => (logs.directory === null ? 'terminal' : join(logs.directory, name));
  return [
    ['Error Log', `${file('error_log')} (${logs.level})`],
    ['Access Log', logs.accessLog ? `${file('access_log')} (${logs.accessLogFormat})` : 'off'],
  ];
}

function timeout(ms: number): string {
  return ms === 0 ? 'none' : seconds(ms);
}

function seconds(ms: number): string {
  return `${ms / 1000} (seconds)`;
}
