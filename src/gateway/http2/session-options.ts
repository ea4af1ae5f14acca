/** How nghttp2 and `node:http2` are set up: the limits that they keep for us. */
import type { ServerSessionOptions } from 'node:http2';
import type { Http2Settings, HttpSettings } from '../../config/configuration.ts';

/** Frames of a client that break the protocol without ending the connection by themselves, in all its life. */
const INVALID_FRAMES_MAX = 100;
/** Streams that were opened beyond max-concurrent-streams, in all its life. */
const REJECTED_STREAMS_MAX = 100;
/** Memory that nghttp2 may use for a connection: by itself, and for what is on its way to the client on each stream. */
const SESSION_MEGABYTES = 10;
const STREAM_MEGABYTES = 0.5;
/** Bytes of all bodies together that a client may send ahead; how much of each is a setting. */
export const CONNECTION_WINDOW = 4 * 1024 * 1024;
/** What a field costs in a header list beside name and value (RFC 9113, section 6.5.2). */
const FIELD_REST = 32;
/** Crumbs of cookies count here, and there are more of them than fields. */
const PAIRS_PER_FIELD = 4;

export function sessionOptions(http: HttpSettings, http2: Http2Settings): ServerSessionOptions {
  const pairsMax = http.limitRequestFields * PAIRS_PER_FIELD;
  return {
    maxSessionInvalidFrames: INVALID_FRAMES_MAX,
    maxSessionRejectedStreams: REJECTED_STREAMS_MAX,
    maxSessionMemory: SESSION_MEGABYTES + Math.ceil(http2.maxConcurrentStreams * STREAM_MEGABYTES),
    // Beyond these nghttp2 resets the stream; what is within them and still too much gets a 431 from us.
    maxHeaderListPairs: pairsMax,
    // An application may repeat any field, as over HTTP/1.1.
    strictSingleValueFields: false,
    // Blanks around a value are cut off, as over HTTP/1.1; nghttp2 would drop the field.
    strictFieldWhitespaceValidation: false,
    settings: {
      maxConcurrentStreams: http2.maxConcurrentStreams,
      initialWindowSize: http2.initialWindowSize,
      maxHeaderListSize: http.limitRequestHead + pairsMax * FIELD_REST,
      enablePush: false,
      // WebSockets (RFC 8441).
      enableConnectProtocol: true,
    },
  };
}
