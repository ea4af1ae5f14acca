/** All that the verdict is made from. */
import type { Entry } from './book.ts';
import type { AccessLog, ErrorLine } from './logs.ts';
import type { Deed } from './site.ts';

/** What a process has. */
export interface Holdings {
  readonly residentMib: number;
  readonly descriptors: number;
}

/** The server while nobody asks for anything. */
export interface Condition {
  readonly supervisor: Holdings;
  readonly gateway: Holdings;
  /** What keeps it from being at rest: "2 requests wait". */
  readonly unrest: readonly string[];
  /** Of one request. */
  readonly answerMs: number;
}

export interface Remains {
  /** The exit status and signal of the supervisor: "0", "SIGKILL". */
  readonly exit: string;
  /** Processes that still run. */
  readonly processes: readonly string[];
  /** In the server root and where running servers are recorded. */
  readonly files: readonly string[];
}

export interface Evidence {
  /** Their names, as they came. */
  readonly troubles: readonly string[];
  readonly requests: readonly Entry[];
  readonly refusals: readonly string[];
  readonly deeds: readonly Deed[];
  readonly complaints: readonly string[];
  readonly versions: readonly { readonly version: number; readonly sinceMs: number }[];
  /** The processes that ran each request, by its number. */
  readonly runs: ReadonlyMap<number, readonly number[]>;
  readonly accessLog: AccessLog;
  readonly errorLog: readonly ErrorLine[];
  readonly before: Condition;
  readonly after: Condition;
  readonly remains: Remains;
}
