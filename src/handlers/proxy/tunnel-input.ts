/** Passes on what a client sends after both sides have changed to another protocol. */
import type { RequestBody } from '../../exchange.ts';
import type { UpstreamConnection } from '../../upstreams/connection.ts';

export class TunnelInput {
  readonly #input: RequestBody;
  readonly #connection: UpstreamConnection;
  #isReading = false;

  constructor(input: RequestBody, connection: UpstreamConnection) {
    this.#input = input;
    this.#connection = connection;
  }

  /** To be called again when the connection has room. */
  goOn(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#input.read((_error, chunk) => {
      this.#isReading = false;
      // The client has closed its half: the server learns it, and may still finish.
      if (chunk === null) return this.#connection.endSending();
      if (this.#connection.write(chunk)) this.goOn();
    });
  }
}
