/** Asks another server over HTTP, over connections that are kept. */
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { AuthorityTarget } from '../../config/sections/forward-auth.ts';
import type { Exchange } from '../../exchange.ts';
import { questionFields } from './question.ts';
import { NoVerdict, passableFields, VERDICT_BYTES_MAX, type Verdict } from './verdict.ts';

type ServerTarget = Exclude<AuthorityTarget, { readonly kind: 'internal' }>;

const IDLE_MS = 30_000;
const IDLE_MAX = 64;
const CONNECTIONS_MAX = 256;

export class AuthorityServer {
  readonly #target: ServerTarget;
  readonly #timeoutMs: number;
  /** The client of Node is loaded when it is needed: it is megabytes. */
  #client: Promise<{ readonly agent: Agent; request(options: RequestOptions): ClientRequest }> | null = null;

  constructor(target: ServerTarget, timeoutMs: number) {
    this.#target = target;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects with NoVerdict. `gone`: nobody waits for it any more. */
  async ask(exchange: Exchange, gone: AbortSignal): Promise<Verdict> {
    this.#client ??= this.#load();
    const { agent, request } = await this.#client;
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const options = { ...this.#options(exchange), agent, signal: AbortSignal.any([timeout, gone]) };
    try {
      return await this.#send(request, options);
    } catch (error) {
      if (timeout.aborted) throw new NoVerdict(`no answer within ${this.#timeoutMs} ms`, true);
      if (error instanceof NoVerdict) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      throw new NoVerdict(code === undefined || message.includes(code) ? message : `${code}: ${message}`);
    }
  }

  /** Once more when it was a kept connection that the other end has closed meanwhile. */
  async #send(
    request: (options: RequestOptions) => ClientRequest,
    options: RequestOptions,
  ): Promise<Verdict> {
    const first = request(options);
    try {
      return await answerOf(first);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (!first.reusedSocket || code !== 'ECONNRESET') throw error;
      return answerOf(request(options));
    }
  }

  async #load() {
    const module = this.#target.kind === 'https' ? await import('node:https') : await import('node:http');
    const agent = new module.Agent({
      keepAlive: true,
      timeout: IDLE_MS,
      maxFreeSockets: IDLE_MAX,
      maxSockets: CONNECTIONS_MAX,
    });
    return { agent, request: (options: RequestOptions) => module.request(options) };
  }

  #options({ request }: Exchange): RequestOptions {
    const target = this.#target;
    const host = target.kind === 'unix' ? 'localhost' : authorityOf(target);
    return {
      ...(target.kind === 'unix' ? { socketPath: target.path } : { host: target.host, port: target.port }),
      method: 'GET',
      path: target.uri,
      headers: ['Host', host, ...questionFields(request)],
    };
  }
}

function authorityOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function answerOf(request: ClientRequest): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('upgrade', (_, socket) => {
      socket.destroy();
      reject(new NoVerdict('it switched protocols'));
    });
    request.on('response', (response) => read(response, resolve, reject));
    request.end();
  });
}

function read(
  response: IncomingMessage,
  resolve: (verdict: Verdict) => void,
  reject: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > VERDICT_BYTES_MAX) response.destroy(new NoVerdict(`more than ${VERDICT_BYTES_MAX} bytes`));
  });
  response.on('error', reject);
  response.on('end', () =>
    resolve({
      status: response.statusCode!,
      fields: passableFields(response.rawHeaders),
      body: Buffer.concat(chunks, bytes),
    }),
  );
}
