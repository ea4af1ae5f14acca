/**
 * Defaults that other choices imply: `vivarium dev` suits one person at one terminal, and some tools work with one
 * thread only. Whatever is given anywhere wins over them.
 */
import type { Origin } from './origin.ts';
import type { SettingName, Values } from './settings/table.ts';
import type { Given } from './sources/given.ts';

type Defaults = Readonly<Partial<Record<SettingName, unknown>>>;

/** A request or an import may wait for its developer for as long as it takes. */
const UNLIMITED: Defaults = {
  'deadlock-timeout': 0,
  'queue-timeout': 0,
  'request-timeout': 0,
  'startup-timeout': 0,
};

export const DEV_DEFAULTS: Defaults = {
  ...UNLIMITED,
  processes: 1,
  'reload-on-changes': true,
  'traceback-pages': true,
  'access-log-format': 'pretty',
};

/** As mod_wsgi-express's debug mode. */
const DEBUGGER_DEFAULTS: Defaults = { ...UNLIMITED, 'graceful-timeout': 3600, processes: 1, threads: 1 };

/** The report is written when a worker ends. */
const COVERAGE_DEFAULTS: Defaults = { 'shutdown-timeout': 60 };

const SELF_SIGNED_PORT = 8443;

const TOOLS = {
  'profiler-directory': ['enable-profiler', 'pstats'],
  'coverage-directory': ['enable-coverage', 'htmlcov'],
  'recorder-directory': ['enable-recorder', 'archive'],
} as const;

export interface Circumstances {
  readonly isDev: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Null: there is none. */
  readonly configurationFile: string | null;
}

/** `values`: what the sources say. */
export function impliedDefaults(
  values: Values,
  { isDev, environment, cwd, configurationFile }: Circumstances,
): Given[] {
  const given: Given[] = [];
  const imply = (by: string, name: SettingName, raw: unknown, key: string | null = null) =>
    given.push({ name, key, raw, origin: implied(by), directory: cwd });
  const implyAll = (by: string, defaults: Defaults) => {
    for (const [name, raw] of Object.entries(defaults)) imply(by, name as SettingName, raw);
  };
  if (isDev) {
    implyAll('vivarium dev', DEV_DEFAULTS);
    if (configurationFile !== null) imply('vivarium dev', 'touch-reload', [configurationFile]);
    // Without it Flask answers exceptions itself, and keeps its templates.
    if (environment.FLASK_DEBUG === undefined) imply('vivarium dev', 'setenv', '1', 'FLASK_DEBUG');
  }
  const isHttps = values['https-port'] !== null || values.listen.some((text) => text.startsWith('https:'));
  if (values['https-self-signed'] && !isHttps) imply('https-self-signed', 'https-port', SELF_SIGNED_PORT);
  // It has processes of its own, and one is enough to begin with.
  if (values.command !== null) imply('command', 'processes', 1);
  if (values['enable-profiler']) imply('enable-profiler', 'threads', 1);
  if (values['enable-coverage']) implyAll('enable-coverage', COVERAGE_DEFAULTS);
  if (values['enable-debugger']) implyAll('enable-debugger', DEBUGGER_DEFAULTS);
  for (const [name, [switchName, folder]] of Object.entries(TOOLS)) {
    if (values[switchName]) imply(switchName, name as SettingName, folder);
  }
  return given;
}

function implied(by: string): Origin {
  return { kind: 'implied', by };
}
