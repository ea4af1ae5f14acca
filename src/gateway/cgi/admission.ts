/**
 * Who may speak a gateway protocol with a listener. The front says who the client is and whether it has signed in, so over
 * TCP only named addresses may; over a Unix socket the permissions of its file decide.
 */
import type { Socket } from 'node:net';
import { AddressList } from '../../base/address-list.ts';
import type { GatewayProtocolName } from '../../base/gateway-protocol-names.ts';
import type { Configuration } from '../../config/configuration.ts';
import type { Bytes } from '../../exchange.ts';
import { RefusalReport } from '../../middleware/refusal-report.ts';
import type { GatewayServer, ResponseEncoder } from '../../protocols/gateway-protocol.ts';
import { GATEWAY_PROTOCOLS } from '../../protocols/gateway-protocols.ts';
import { reasonPhrase } from '../../status.ts';
import type { Log } from '../../telemetry/log.ts';
import { plain } from '../peer.ts';

export interface GatewayAdmission {
  readonly protocol: GatewayServer;
  /** For a front that finds the listener full. */
  readonly overloaded: readonly Bytes[];
  /** Those that may not are noted in the log. */
  admits(socket: Socket): boolean;
}

/** `url`: what is listened at. */
export function gatewayAdmission(
  name: GatewayProtocolName,
  url: string,
  { gatewayPeers, http }: Configuration,
  log: Log,
): GatewayAdmission {
  const protocol = GATEWAY_PROTOCOLS[name].server;
  const allowed = new AddressList(gatewayPeers);
  const report = new RefusalReport((what) => log.warn('gateway-refused', `${url}: ${what}`));
  return {
    protocol,
    overloaded: overloadedBy(protocol.responseEncoder(1, http)),
    admits: (socket) => {
      if (socket.remoteAddress === undefined) return true;
      const address = plain(socket.remoteAddress);
      const isAllowed = allowed.has(address);
      if (!isAllowed) report.add('not in gateway-allow-ips', address);
      return isAllowed;
    },
  };
}

/** Of the only request that it can be. */
function overloadedBy(encoder: ResponseEncoder): readonly Bytes[] {
  const fields = ['Retry-After', '1', 'Content-Length', '0'];
  return [encoder.head(503, reasonPhrase(503), fields), encoder.end(false)];
}
