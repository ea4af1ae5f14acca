/** The gateway protocols, by the name in front of their addresses: `scgi://127.0.0.1:4000`. */
import type { GatewayProtocol } from './gateway-protocol.ts';
import { ScgiRequestDecoder } from './scgi/request-decoder.ts';
import { ScgiRequestEncoder } from './scgi/request-encoder.ts';
import { ScgiResponseDecoder } from './scgi/response-decoder.ts';
import { ScgiResponseEncoder } from './scgi/response-encoder.ts';

export const GATEWAY_PROTOCOLS: Readonly<Record<string, GatewayProtocol>> = {
  scgi: {
    server: {
      requestDecoder: (limits) => new ScgiRequestDecoder(limits),
      responseEncoder: () => new ScgiResponseEncoder(),
    },
    client: {
      requestEncoder: () => new ScgiRequestEncoder(),
      responseDecoder: (limits) => new ScgiResponseDecoder(limits),
      isPaced: false,
    },
  },
};
