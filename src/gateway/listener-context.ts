import type { SpoolLimits } from '../base/spool.ts';
import type { HttpSettings } from '../config/configuration.ts';
import type { Exchange } from '../exchange.ts';
import type { RequestFields } from '../fields.ts';
import type { Handler } from '../handler.ts';
import type { Refusal } from '../protocols/http1/refusal.ts';
import type { ServerFields } from '../protocols/response-fields.ts';
import type { Log } from '../telemetry/log.ts';
import type { GatewayAdmission } from './cgi/admission.ts';
import type { ClientConnections } from './client-connections.ts';
import type { ProxyHeadersContext } from './proxy-headers.ts';
import type { HandshakeContext } from './tls-handshakes.ts';

/** What the connections of a listener share. */
export interface ListenerContext {
  readonly settings: HttpSettings;
  readonly bodySpool: SpoolLimits;
  readonly serverFields: ServerFields;
  readonly log: Log;
  /** Path of a Unix socket, else null. */
  readonly path: string | null;
  /** Null: no client has too many. */
  readonly clientConnections: ClientConnections | null;
  /** Null: clients connect themselves. */
  readonly proxy: ProxyHeadersContext | null;
  /** Null: HTTP is spoken. */
  readonly gateway: GatewayAdmission | null;
  /** Null: connections are plain. */
  readonly tls: HandshakeContext | null;
  readonly handle: Handler;
  /** Requests are handled when their head is there, and their bodies read when somebody wants them. */
  readonly streamsBodies: boolean;
  readonly refuse: (exchange: Exchange, refusal: Refusal) => void;
  readonly nextId: (fields: RequestFields) => string;
}
