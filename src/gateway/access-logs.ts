/** The access logs of the configuration: where each goes, and which requests have a line in it. */
import path from 'node:path';
import { showsColors } from '../base/color.ts';
import type { LogSettings } from '../config/configuration.ts';
import type { AccessLogSettings, LogTarget } from '../config/sections/access-log.ts';
import type { Observer } from '../handler.ts';
import { accessLog } from '../middleware/access-log/access-log.ts';
import { logFilter } from '../middleware/access-log/log-filter.ts';
import { compileMatcher } from '../routing/matcher.ts';
import type { Log } from '../telemetry/log.ts';
import { createLogWriter, type LogWriter } from '../telemetry/log-file.ts';
import { createSyslogWriter } from '../telemetry/syslog.ts';

const STANDARD_OUTPUT = 1;

export interface AccessLogs {
  readonly observers: readonly Observer[];
  reopen(): void;
  close(): Promise<void>;
}

/** Throws when a file cannot be opened. */
export function openAccessLogs(logs: LogSettings, log: Log): AccessLogs {
  const writers: LogWriter[] = [];
  const open = (target: LogTarget): LogWriter => {
    const writer = openLog(target, log);
    writers.push(writer);
    return writer;
  };
  return {
    observers: [...mainLog(logs, open), ...logs.accessLogs.map((settings) => furtherLog(settings, open))],
    reopen: () => {
      for (const writer of writers) writer.reopen();
    },
    close: async () => {
      await Promise.all(writers.map((writer) => writer.close()));
    },
  };
}

type Open = (target: LogTarget) => LogWriter;

function mainLog({ accessLog: isOn, accessLogFormat, directory }: LogSettings, open: Open): Observer[] {
  if (!isOn) return [];
  const writer = open(
    directory === null ? { kind: 'stdout' } : { kind: 'file', path: path.join(directory, 'access_log') },
  );
  const hasColor = directory === null && showsColors(STANDARD_OUTPUT, process.env);
  return [accessLog(accessLogFormat, (line) => writer.write(line), hasColor)];
}

function furtherLog(settings: AccessLogSettings, open: Open): Observer {
  const writer = open(settings.target);
  const matcher = settings.match === null ? null : compileMatcher(settings.match);
  const isWanted = logFilter(settings, matcher === null ? null : (exchange) => matcher.matches(exchange));
  const write = accessLog(settings.format, (line) => writer.write(line));
  return (exchange) => {
    if (isWanted(exchange)) write(exchange);
  };
}

function openLog(target: LogTarget, log: Log): LogWriter {
  if (target.kind === 'stdout') return createLogWriter({ fd: STANDARD_OUTPUT }, log);
  if (target.kind === 'syslog') return createSyslogWriter(target, log);
  try {
    return createLogWriter({ path: target.path }, log);
  } catch (error) {
    // The message of the system ends in the path.
    const reason = (error as Error).message;
    throw new Error(`cannot open the access log as uid ${process.getuid!()}: ${reason}`);
  }
}
