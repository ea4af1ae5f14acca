/** What a listener asks of a connection, whatever is spoken on it. */
export interface Connection {
  /** performance.now() since when it has no request; null while it has one. */
  readonly idleSince: number | null;
  /** Once a second: acts on deadlines that have passed. */
  check(now: number): void;
  /** No more requests after the present ones; when it has none and does not `linger` for one, it ends at once. */
  drain(lingers: boolean): void;
  /** The present requests are not waited for any longer. Their clients are told that they are lost. */
  cut(): void;
  /** The socket is closed. */
  onClose(): void;
}
