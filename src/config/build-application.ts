/** From resolved settings to those of one application, in our words and units. */
import type { ApplicationSettings, DevelopmentSettings, RecyclingSettings } from './configuration.ts';
import { ms } from './ms.ts';
import type { Values } from './settings/table.ts';
import type { Target } from './target/target.ts';
import { warmupRequest } from './warmup.ts';

/** Where `inactivity-timeout` is 0, which means no limit for workers that would be replaced. */
const LAST_WORKER_INACTIVITY_MS = 300_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** What the settings leave open. */
export interface FoundParts {
  readonly target: Target;
  readonly interpreter: string;
  readonly interpreterVersion: string;
}

const NO_DEVELOPMENT: DevelopmentSettings = {
  reloadOnChanges: false,
  tracebackPages: false,
  debugger: false,
  debuggerStartup: false,
  profilerDirectory: null,
  coverageDirectory: null,
  recorderDirectory: null,
};

/** `environment` is that of vivarium itself, for passenv. What depends on the machine must be resolved by now. */
export function buildApplication(
  name: string,
  values: Values,
  found: FoundParts,
  environment: Environment,
): ApplicationSettings {
  const { target } = found;
  const isCommand = target.kind === 'command';
  return {
    name,
    target,
    user: values.user,
    group: values.group,
    interpreter: found.interpreter,
    interpreterVersion: found.interpreterVersion,
    workingDirectory: values['working-directory']!,
    umask: values.umask === null ? null : Number.parseInt(values.umask, 8),
    pythonPath: values['python-path'],
    environment: {
      ...passed(values.passenv, environment),
      ...values.setenv,
      ...(isCommand ? { PATH: target.searchPath } : {}),
    },
    processes: values.processes!,
    scaling: {
      upWaitMs: ms(values['scale-up-wait']),
      downIntervalMs: ms(values['scale-down-interval']),
      inactivityTimeoutMs: ms(values['inactivity-timeout']) || LAST_WORKER_INACTIVITY_MS,
    },
    threads: isCommand ? values['max-connections'] : values.threads,
    mountPoint: values['mount-point'],
    warmup: values.warmup.map((url) => warmupRequest(url, values['mount-point'])),
    startupTimeoutMs: ms(values['startup-timeout']),
    queueSize: values['queue-size'],
    queueTimeoutMs: ms(values['queue-timeout']),
    requestTimeoutMs: ms(values['request-timeout']),
    requestTimeoutsAt: Object.entries(values['request-timeout-at']).map(([url, timeout]) => ({
      url,
      timeoutMs: ms(timeout),
    })),
    interruptTimeoutMs: ms(values['interrupt-timeout']),
    deadlockTimeoutMs: ms(values['deadlock-timeout']),
    recycling: recyclingSettings(values),
    followsScript: !values['disable-reloading'],
    touchFiles: [],
    isDropIn: false,
    // What it may be by default has no meaning for a command.
    development: isCommand ? NO_DEVELOPMENT : developmentSettings(values),
  };
}

function recyclingSettings(values: Values): RecyclingSettings {
  return {
    maximumRequests: values['maximum-requests'],
    restartIntervalMs: ms(values['restart-interval']),
    // Where there may be none, such a worker is stopped and not replaced.
    inactivityTimeoutMs: values.processes!.min === 0 ? 0 : ms(values['inactivity-timeout']),
    cpuTimeLimitMs: ms(values['cpu-time-limit']),
    memoryLimit: values['memory-limit'],
    memoryLimitHard: values['memory-limit-hard'],
    jitter: values['recycle-jitter'],
  };
}

function developmentSettings(values: Values): DevelopmentSettings {
  return {
    reloadOnChanges: values['reload-on-changes'],
    tracebackPages: values['traceback-pages'],
    debugger: values['enable-debugger'],
    debuggerStartup: values['debugger-startup'],
    profilerDirectory: values['enable-profiler'] ? values['profiler-directory'] : null,
    coverageDirectory: values['enable-coverage'] ? values['coverage-directory'] : null,
    recorderDirectory: values['enable-recorder'] ? values['recorder-directory'] : null,
  };
}

/** The variables of `environment` that are set and named. */
export function passed(names: readonly string[], environment: Environment): Record<string, string> {
  const known = names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]]));
  return Object.fromEntries(known);
}
