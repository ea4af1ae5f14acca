/** What the clients know: every request that was sent, by number, and what became of it. */

export type Outcome =
  | 'waiting'
  /** A whole answer, of whatever status. */
  | 'answered'
  /** The connection ended before the answer was whole. */
  | 'cut'
  /** It was sent behind another, whose answer said that it would be the last one of the connection. */
  | 'dropped'
  /** The client itself went away. */
  | 'left';

export interface Entry {
  readonly number: number;
  /** As in requests.ts. */
  readonly kind: string;
  /** Since the epoch, as all times of a run. Of one that was sent behind another: when that was answered. */
  sentAtMs: number;
  endedAtMs: number;
  outcome: Outcome;
  /** Known from when the answer has begun. */
  status: number | null;
  /** The version of the application that answered. */
  version: number | null;
  /** What is wrong with the answer. */
  fault: string | null;
}

export class Book {
  readonly entries: Entry[] = [];
  /** Connections that could not be made. */
  readonly refusals: string[] = [];

  /** Numbers count from 1. */
  enter(kind: string): Entry {
    const entry: Entry = {
      number: this.entries.length + 1,
      kind,
      sentAtMs: Date.now(),
      endedAtMs: Number.POSITIVE_INFINITY,
      outcome: 'waiting',
      status: null,
      version: null,
      fault: null,
    };
    this.entries.push(entry);
    return entry;
  }

  close(entry: Entry, outcome: Outcome): void {
    entry.outcome = outcome;
    entry.endedAtMs = Date.now();
  }
}
