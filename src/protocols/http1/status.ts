/** Reason phrases (RFC 9110, section 15, and the IANA registry). */
import { STATUS_CODES } from 'node:http';

export function reasonPhrase(status: number): string {
  return STATUS_CODES[status] ?? '';
}
