/** Sends a recorded request to a server. */
import http from 'node:http';
import https from 'node:https';
import type { Message } from './recording.ts';

/** What belongs to the connection that the request came by; the new one has its own. */
const OF_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
]);
const WAIT_MS = 120_000;

export interface Answer {
  readonly status: number;
  field(name: string): string | null;
  readonly body: Buffer;
  readonly durationMs: number;
}

/** Rejects when there is no whole answer. */
export function send({ startLine, fields, body }: Message, server: URL): Promise<Answer> {
  const [method = '', target = ''] = startLine.split(' ');
  const began = performance.now();
  const headers = fields.filter(([name]) => !OF_CONNECTION.has(name.toLowerCase())).flat();
  return new Promise((resolve, reject) => {
    const { request } = server.protocol === 'https:' ? https : http;
    const options = { method, path: target, headers, agent: false, signal: AbortSignal.timeout(WAIT_MS) };
    const sent = request(server, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          field: (name) => [response.headers[name.toLowerCase()]].flat()[0] ?? null,
          body: Buffer.concat(chunks),
          durationMs: performance.now() - began,
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
