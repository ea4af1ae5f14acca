/** The arguments of `serve`, `dev` and `check`, read the same way by all. */
import { isatty } from 'node:tty';
import { type Loaded, loadConfiguration } from '../config/load.ts';
import { ConfigurationError, placeOf } from '../config/origin.ts';
import { entryOf } from '../config/resolve.ts';
import { readFlags } from '../config/sources/flags.ts';
import { accessLog } from '../middleware/access-log/access-log.ts';
import { LogFormatError } from '../middleware/access-log/log-format.ts';
import { examineCertificates } from '../tls/certificate-files.ts';
import type { CommandContext } from './command.ts';

export interface ReadConfiguration {
  /** The switches of the command that are there. */
  readonly switches: ReadonlySet<string>;
  readonly result: Loaded | { readonly mistakes: readonly string[] };
}

export async function readConfiguration(
  argv: readonly string[],
  ownSwitches: readonly string[],
  { environment, cwd, instance }: Omit<CommandContext, 'terminal'>,
  options: { readonly isDev?: boolean } = {},
): Promise<ReadConfiguration> {
  const flags = readFlags(argv, cwd, ownSwitches);
  const isDev = options.isDev === true || flags.switches.has('dev');
  const uid = process.getuid!();
  try {
    const result = await loadConfiguration({ flags, environment, cwd, instance, uid, isDev });
    const certificates = examineCertificates(result.configuration.tls);
    const mistakes = [
      ...findFormatMistakes(result),
      ...findTerminalMistakes(result),
      ...certificates.mistakes,
    ];
    const warnings = [...result.warnings, ...certificates.warnings];
    return {
      switches: flags.switches,
      result: mistakes.length === 0 ? { ...result, warnings } : { mistakes },
    };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { switches: flags.switches, result: { mistakes: error.mistakes } };
  }
}

/** Here, as the settings know nothing of the request path, and a server that logs nothing needs no format. */
function findFormatMistakes({ configuration: { logs }, entries }: Loaded): string[] {
  const name = 'access-log-format';
  const main = () => placeOf(entryOf(entries, name)!.origin, name);
  return [
    ...(logs.accessLog ? findFormatMistake(logs.accessLogFormat, main) : []),
    ...logs.accessLogs.flatMap(({ format, place }) => findFormatMistake(format, () => `${place}.format`)),
  ];
}

function findFormatMistake(format: string, place: () => string): string[] {
  try {
    accessLog(format, () => {});
    return [];
  } catch (error) {
    if (!(error instanceof LogFormatError)) throw error;
    return [`${place()}: ${error.message}`];
  }
}

/** The debugger reads what is typed, so it is nothing for a service. */
function findTerminalMistakes({ configuration: { applications, logs } }: Loaded): string[] {
  if (!applications.some(({ development }) => development.debugger)) return [];
  if (logs.directory !== null)
    return ['--enable-debugger: found with a log directory; allowed: a log on the terminal'];
  if (isatty(0) && isatty(2)) return [];
  return ['--enable-debugger: standard input and standard error must be a terminal'];
}
