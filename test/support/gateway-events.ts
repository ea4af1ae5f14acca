/** Reads the bytes of a connection with the request decoder of a gateway protocol: its events in a form to compare. */
import type { RequestDecoder } from '../../src/protocols/gateway-protocol.ts';

/** One event. Consecutive `data` of a request are one, whatever the pieces in which the bytes came. */
export interface GatewayEvent {
  readonly event: string;
  readonly id: number;
  /** Of `data` and `reply` the bytes as latin-1, of a fault its status. */
  text: string;
  /** Of a `request`. */
  readonly request: object | null;
}

export function readEvents(decoder: RequestDecoder, pieces: Iterable<Buffer>): GatewayEvent[] {
  const events: GatewayEvent[] = [];
  for (const piece of pieces) {
    decoder.push(piece);
    // Every event but a few uses up bytes, so that more of them mean a decoder that loops.
    let eventsLeft = 2 * (piece.length + decoder.pending) + 8;
    for (let event = decoder.next(); event !== 'need-data'; event = decoder.next()) {
      if (--eventsLeft < 0) throw new Error('the decoder makes events out of nothing');
      note(events, event, decoder);
      if (event === 'broken') return events;
    }
  }
  return events;
}

function note(events: GatewayEvent[], event: string, decoder: RequestDecoder): void {
  const { id } = decoder;
  const last = events.at(-1);
  if (event === 'data' && last?.event === 'data' && last.id === id) {
    last.text += decoder.data.latin1Slice();
    return;
  }
  events.push({
    event,
    id,
    text: textOf(event, decoder),
    request: event === 'request' ? { ...decoder.request, fields: fieldsOf(decoder) } : null,
  });
}

function textOf(event: string, decoder: RequestDecoder): string {
  if (event === 'data') return decoder.data.latin1Slice();
  if (event === 'reply') return Buffer.from(decoder.reply as string, 'latin1').latin1Slice();
  return decoder.fault === null ? '' : String(decoder.fault.status);
}

function fieldsOf({ request }: RequestDecoder): string[][] {
  const { names, values } = request!.fields;
  return names.map(({ raw }, i) => [raw, values[i]!]);
}

/** The bytes in pieces that end at these shares of the whole. */
export function* cutAt(buffer: Buffer, shares: readonly number[]): Generator<Buffer> {
  let from = 0;
  for (const at of shares.map((share) => Math.floor(share * buffer.length)).sort((a, b) => a - b)) {
    if (at > from) yield Buffer.from(buffer.subarray(from, at));
    from = Math.max(from, at);
  }
  if (from < buffer.length) yield Buffer.from(buffer.subarray(from));
}
