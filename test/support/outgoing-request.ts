/** A request on its way to an application server, for tests of encoders. */
import type { OutgoingGatewayRequest } from '../../src/protocols/gateway-protocol.ts';

export function anOutgoingRequest(changes: Partial<OutgoingGatewayRequest> = {}): OutgoingGatewayRequest {
  return {
    method: 'GET',
    target: '/',
    query: '',
    version: 'HTTP/1.1',
    scheme: 'http',
    fields: ['Host', 'example.org'],
    scriptName: '',
    pathInfo: '/',
    mappedTarget: '/',
    serverName: 'example.org',
    serverPort: 80,
    serverAddress: '192.0.2.1',
    remoteAddress: '192.0.2.9',
    remotePort: 5000,
    variables: [],
    params: [],
    ...changes,
  };
}
