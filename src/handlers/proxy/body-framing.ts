/** How the pieces of a request body look on the wire of HTTP/1.1; gateway protocols bring their own (RequestEncoder). */
import type { Bytes, FieldList } from '../../exchange.ts';

export interface BodyFraming {
  body(chunk: Uint8Array): readonly Bytes[];
  end(trailers: FieldList | null): Bytes;
}

/** As long as Content-Length says. */
export const AS_IT_IS: BodyFraming = {
  body: (chunk) => [chunk],
  end: () => '',
};

/** RFC 9112, section 7.1. */
export const CHUNKED: BodyFraming = {
  body: (chunk) => (chunk.length === 0 ? [] : [`${chunk.length.toString(16)}\r\n`, chunk, '\r\n']),
  end: (trailers) => {
    let lines = '';
    for (let i = 0; i < (trailers?.length ?? 0); i += 2) lines += `${trailers![i]}: ${trailers![i + 1]}\r\n`;
    return `0\r\n${lines}\r\n`;
  },
};
