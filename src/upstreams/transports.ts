/** What servers behind us may speak beside HTTP: the client role of the gateway protocols, one line each. */
import type { MemberSettings } from '../config/sections/upstream.ts';
import type { GatewayClient } from '../protocols/gateway-protocol.ts';
import { ScgiRequestEncoder } from '../protocols/scgi/request-encoder.ts';
import { ScgiResponseDecoder } from '../protocols/scgi/response-decoder.ts';

type Scheme = NonNullable<MemberSettings['scheme']>;

const GATEWAY_CLIENTS: Readonly<Record<Exclude<Scheme, 'http' | 'https'>, GatewayClient>> = {
  scgi: gatewayClient(ScgiRequestEncoder, ScgiResponseDecoder),
};

/** Null: HTTP. */
export function transportOf(scheme: Scheme | null): GatewayClient | null {
  return scheme === null || scheme === 'http' || scheme === 'https' ? null : GATEWAY_CLIENTS[scheme];
}

function gatewayClient(
  Encoder: new () => ReturnType<GatewayClient['requestEncoder']>,
  Decoder: new (
    ...limits: Parameters<GatewayClient['responseDecoder']>
  ) => ReturnType<GatewayClient['responseDecoder']>,
  isPaced = false,
): GatewayClient {
  return {
    requestEncoder: () => new Encoder(),
    responseDecoder: (limits) => new Decoder(limits),
    isPaced,
  };
}
