/** One HTTPS request to an ACME server. */
import type { RequestOptions } from 'node:https';

export interface AcmeResponse {
  readonly status: number;
  readonly text: string;
  header(name: string): string | null;
}

const TIMEOUT_MS = 30_000;
/** A chain of certificates has a few KB. */
const ANSWER_BYTES_MAX = 1 << 20;

/** `ca`: authorities for this server, as PEM; null: those of the system. */
export function askServer(url: string, ca: string | null, body: string | null): Promise<AcmeResponse> {
  const headers = { 'User-Agent': 'vivarium', 'Content-Type': 'application/jose+json' };
  const options: RequestOptions = {
    method: body === null ? 'GET' : 'POST',
    headers: body === null ? { 'User-Agent': 'vivarium' } : headers,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    agent: false,
    ...(ca === null ? {} : { ca }),
  };
  return new Promise((resolve, reject) => {
    // Every server reads this file, and few of them ask.
    const { request } = process.getBuiltinModule('node:https');
    const outgoing = request(url, options, (response) => {
      const blocks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (block: Buffer) => {
        bytes += block.length;
        if (bytes > ANSWER_BYTES_MAX) outgoing.destroy(new Error(`${url}: the answer is too long`));
        else blocks.push(block);
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(blocks).toString('utf8'),
          header: (name) => [response.headers[name] ?? null].flat()[0]!,
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body ?? '');
  });
}
