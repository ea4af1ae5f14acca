/**
 * The gateway protocols by the name in front of an address (`scgi://127.0.0.1:4000`), with the ports that Apache takes for
 * them. `src/protocols/` has a folder for each.
 */
export const GATEWAY_PORTS = { scgi: 4000, uwsgi: 3031, fastcgi: 8000, ajp: 8009 } as const;

export type GatewayProtocolName = keyof typeof GATEWAY_PORTS;

export const GATEWAY_PROTOCOL_NAMES = Object.keys(GATEWAY_PORTS) as readonly GatewayProtocolName[];
