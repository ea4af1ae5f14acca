/** Applications that a command of their own serves, made where the configuration has some. */
import type { MakeOther } from '../apps/applications.ts';
import type { SpoolLimits } from '../base/spool.ts';
import { CommandApplication } from '../commands/command-application.ts';
import type { Log } from '../telemetry/log.ts';

export function commandsWith(responseSpool: SpoolLimits, log: Log): MakeOther {
  return (settings, tell) => {
    const { target } = settings;
    if (target.kind !== 'command') return null;
    return new CommandApplication({ ...settings, target }, responseSpool, tell, log);
  };
}
