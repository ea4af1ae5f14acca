/** Reports applications that cannot be loaded: a traceback in full when it is new, one line when it comes again. */
import type { Log } from '../../telemetry/log.ts';

export class LoadReport {
  readonly #log: Log;
  #lastTraceback: string | null = null;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Returns the traceback in one line: "ModuleNotFoundError: No module named 'flask'". */
  write(label: string, traceback: string): string {
    const summary = lastLine(traceback);
    const isNew = traceback !== this.#lastTraceback;
    this.#lastTraceback = traceback;
    const rest = isNew ? `:\n${traceback}` : `, as before: ${summary}`;
    this.#log.error('worker-failed', `${label} could not load the application${rest}`);
    return summary;
  }

  /** The application could be loaded: the next failure is news, whatever it is. */
  forget(): void {
    this.#lastTraceback = null;
  }
}

/** The exception. It may have a message of several lines; its first line starts in the first column, as the last such does. */
function lastLine(traceback: string): string {
  const lines = traceback.trimEnd().split('\n');
  return lines.findLast((line) => /^\S/.test(line)) ?? '';
}
