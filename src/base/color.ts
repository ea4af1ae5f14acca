/** Whether output may have colours. */
import { isatty } from 'node:tty';

type Environment = Readonly<Record<string, string | undefined>>;

/** The user wants none (no-color.org), or the terminal shows none. */
export function isPlain(environment: Environment): boolean {
  return Boolean(environment.NO_COLOR) || environment.TERM === 'dumb';
}

export function showsColors(fd: number, environment: Environment): boolean {
  return isatty(fd) && !isPlain(environment);
}
