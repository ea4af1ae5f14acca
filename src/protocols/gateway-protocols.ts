/** The gateway protocols by name. */
import type { GatewayProtocolName } from '../base/gateway-protocol-names.ts';
import { AjpRequestDecoder } from './ajp/request-decoder.ts';
import { AjpRequestEncoder } from './ajp/request-encoder.ts';
import { AjpResponseDecoder } from './ajp/response-decoder.ts';
import { AjpResponseEncoder } from './ajp/response-encoder.ts';
import { FastCgiRequestDecoder } from './fastcgi/request-decoder.ts';
import { FastCgiRequestEncoder } from './fastcgi/request-encoder.ts';
import { FastCgiResponseDecoder } from './fastcgi/response-decoder.ts';
import { FastCgiResponseEncoder } from './fastcgi/response-encoder.ts';
import type { GatewayProtocol } from './gateway-protocol.ts';
import { ScgiRequestDecoder } from './scgi/request-decoder.ts';
import { ScgiRequestEncoder } from './scgi/request-encoder.ts';
import { ScgiResponseDecoder } from './scgi/response-decoder.ts';
import { ScgiResponseEncoder } from './scgi/response-encoder.ts';
import { UwsgiRequestDecoder } from './uwsgi/request-decoder.ts';
import { UwsgiRequestEncoder } from './uwsgi/request-encoder.ts';
import { UwsgiResponseDecoder } from './uwsgi/response-decoder.ts';
import { UwsgiResponseEncoder } from './uwsgi/response-encoder.ts';

export const GATEWAY_PROTOCOLS: Readonly<Record<GatewayProtocolName, GatewayProtocol>> = {
  scgi: {
    server: {
      requestDecoder: (limits) => new ScgiRequestDecoder(limits),
      responseEncoder: () => new ScgiResponseEncoder(),
    },
    client: () => ({
      requestEncoder: () => new ScgiRequestEncoder(),
      responseDecoder: (limits) => new ScgiResponseDecoder(limits),
      isPaced: false,
    }),
  },
  uwsgi: {
    server: {
      requestDecoder: (limits) => new UwsgiRequestDecoder(limits),
      responseEncoder: () => new UwsgiResponseEncoder(),
    },
    client: () => ({
      requestEncoder: () => new UwsgiRequestEncoder(),
      responseDecoder: (limits) => new UwsgiResponseDecoder(limits),
      isPaced: false,
    }),
  },
  fastcgi: {
    server: {
      requestDecoder: (limits) => new FastCgiRequestDecoder(limits),
      responseEncoder: (id) => new FastCgiResponseEncoder(id),
    },
    client: () => ({
      requestEncoder: (keepsConnection) => new FastCgiRequestEncoder(keepsConnection),
      responseDecoder: (limits) => new FastCgiResponseDecoder(limits),
      isPaced: false,
    }),
  },
  ajp: {
    server: {
      requestDecoder: (settings) => new AjpRequestDecoder(settings, settings.ajp.secret),
      responseEncoder: (_id, { ajp }) => new AjpResponseEncoder(ajp.packetBytes),
    },
    client: (settings) => ({
      requestEncoder: () => new AjpRequestEncoder(settings),
      responseDecoder: (limits) => new AjpResponseDecoder(limits),
      isPaced: true,
    }),
  },
};
