/**
 * Asks a Python interpreter a question while the server starts: runs a short program that prints JSON as its last
 * line. Programs get a time limit, and the identity the application will have: settings of a project must not
 * run as root when the server was told to run as somebody else.
 */
import { type ExecFileException, execFile } from 'node:child_process';

export interface Python {
  readonly interpreter: string;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** null: as the user who starts the server. */
  readonly identity: { readonly uid: number; readonly gid: number } | null;
}

export type Answer = { readonly value: unknown } | { readonly failure: string };

const TIME_LIMIT_MS = 10_000;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

export function askPython(python: Python, program: string, ...parameters: string[]): Promise<Answer> {
  const options = {
    cwd: python.workingDirectory,
    env: python.environment as NodeJS.ProcessEnv,
    timeout: TIME_LIMIT_MS,
    killSignal: 'SIGKILL' as const,
    maxBuffer: OUTPUT_BYTES_MAX,
    ...python.identity,
  };
  return new Promise((resolve) => {
    const child = execFile(
      python.interpreter,
      ['-c', program, ...parameters],
      options,
      (error, stdout, stderr) => {
        if (error === null) resolve(readAnswer(stdout));
        else if (error.killed === true && error.signal === 'SIGKILL') {
          resolve({ failure: `gave no answer within ${TIME_LIMIT_MS / 1000} seconds` });
        } else resolve({ failure: lastLine(stderr) || endOf(error, python) });
      },
    );
    child.stdin?.end();
  });
}

function readAnswer(stdout: string): Answer {
  try {
    return { value: JSON.parse(lastLine(stdout)) };
  } catch {
    return { failure: `gave no answer that can be read: ${JSON.stringify(stdout.slice(0, 200))}` };
  }
}

/** Not the message, which repeats the whole program. */
function endOf({ code, signal, message }: ExecFileException, { identity }: Python): string {
  if (String(code) === 'EACCES') {
    return `permission denied${identity === null ? '' : ` for uid ${identity.uid}, which it would run as`}`;
  }
  if (signal) return `was ended by ${signal}`;
  return typeof code === 'number' ? `ended with exit status ${code}` : message;
}

/** Of a traceback, the last line is the exception. */
function lastLine(output: string): string {
  return output.trimEnd().split('\n').at(-1) ?? '';
}
