/** Why an upstream gave no answer, or no whole one. */

/**
 * `connect`: no connection, so nothing was sent. `closed`: it ended or broke. `timeout`: nothing happened for too long.
 * `invalid`: what came is no HTTP response.
 */
export type FailureKind = 'connect' | 'closed' | 'timeout' | 'invalid';

export class Failure {
  readonly kind: FailureKind;
  /** Completes "127.0.0.1:3000 …", for the log: "refused the connection". */
  readonly why: string;
  /** The server cannot have seen anything of the request. */
  readonly isUnsent: boolean;
  /** A kept connection that the server has closed, as far as one can tell before it saw the request. */
  readonly isStale: boolean;
  /** It was reset, as the system does when the server has not read what was sent to it. */
  readonly isReset: boolean;

  constructor(kind: FailureKind, why: string, { isUnsent = false, isStale = false, isReset = false } = {}) {
    this.kind = kind;
    this.why = why;
    this.isUnsent = isUnsent;
    this.isStale = isStale;
    this.isReset = isReset;
  }
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'reset the connection',
  EPIPE: 'closed the connection while the request was sent',
  ENOENT: 'is a socket that does not exist',
  EACCES: 'is a socket that this user may not open',
  EHOSTUNREACH: 'cannot be reached: no route to the host',
  ENETUNREACH: 'cannot be reached: no route to the network',
  ETIMEDOUT: 'did not answer: the connection timed out',
  ENOTFOUND: 'has a name that cannot be resolved',
  EMFILE: 'cannot be connected to: too many open files',
  EADDRNOTAVAIL: 'cannot be connected to: no free local port',
};

/** Of an error of a socket. */
export function reasonOf(error: Error): string {
  const { code = '' } = error as NodeJS.ErrnoException;
  return SYSTEM_ERRORS[code] ?? `failed: ${error.message}`;
}

export function isReset(error: Error | null): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === 'ECONNRESET' || code === 'EPIPE';
}
