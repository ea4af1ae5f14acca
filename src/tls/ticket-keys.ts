/**
 * The keys that session tickets are made with. A new one takes over at half the time that a session may be resumed; the
 * two before it still open the tickets that were made with them. They are never written to a disk, so that who takes a
 * machine's disk can read no recorded connection.
 */
import { randomBytes } from 'node:crypto';

const KEY_BYTES = 48;
const KEYS_MAX = 3;

export class TicketKeys {
  /** Base64, the newest first. */
  keys: readonly string[] = [makeKey()];

  rotate(): void {
    this.keys = [makeKey(), ...this.keys].slice(0, KEYS_MAX);
  }
}

function makeKey(): string {
  return randomBytes(KEY_BYTES).toString('base64');
}
