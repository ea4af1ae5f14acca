/** `[[access-logs]]`: further access logs, each of some requests. */
import { resolve } from 'node:path';
import { nested, section } from '../section.ts';
import { list, one } from '../setting.ts';
import { accessLogFormat, seconds } from '../value-types.ts';
import { type MatchSettings, match } from './match.ts';
import { answerStatus, logTarget } from './types.ts';

/** Where lines go. */
export type LogTarget =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stdout' }
  | {
      readonly kind: 'syslog';
      readonly protocol: 'udp' | 'tcp';
      readonly host: string;
      readonly port: number;
    };

export interface AccessLogSettings {
  readonly target: LogTarget;
  readonly format: string;
  /** `404`, `5xx`; none: all. */
  readonly statuses: readonly string[];
  /** Requests that took less are left out. */
  readonly slowerThanMs: number;
  /** Null: all. */
  readonly match: MatchSettings | null;
  /** Where it stands: `vivarium.toml:7: access-logs[0]`. */
  readonly place: string;
}

/** A file is named in the log directory, which is not known yet. */
export type MakeAccessLog = (logDirectory: string | null) => AccessLogSettings;

export const accessLog = section({
  help: 'a further access log, of some requests',
  required: ['to'],
  parts: {
    to: one(logTarget, { default: '', help: 'a file in the log directory, stdout, or a syslog server' }),
    format: one(accessLogFormat, { default: 'combined', help: 'as access-log-format' }),
    status: list(answerStatus, { help: 'only answers with one of these statuses: 404, 5xx' }),
    'slower-than': one(seconds('all'), { default: 0, help: 'only requests that took as long or longer' }),
    match: nested(match),
  },
  build: (values, { directory, text: place }): MakeAccessLog => {
    const { to, format, status: statuses, match: matched } = values;
    const slowerThanMs = Math.round(values['slower-than'] * 1000);
    return (logDirectory) => ({
      target: readTarget(to, logDirectory ?? directory),
      format,
      statuses,
      slowerThanMs,
      match: matched,
      place,
    });
  },
});

function readTarget(to: string, directory: string): LogTarget {
  if (to === 'stdout') return { kind: 'stdout' };
  const [, protocol, host, port] = /^(udp|tcp):\/\/(.+):(\d+)$/.exec(to) ?? [];
  if (protocol === undefined) return { kind: 'file', path: resolve(directory, to) };
  return {
    kind: 'syslog',
    protocol: protocol as 'udp' | 'tcp',
    host: host!.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port),
  };
}
