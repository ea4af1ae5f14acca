/** One question of a health check, and the judgement of its answer: on a connection of its own, in what the server speaks. */
import { decodePath } from '../base/url-path.ts';
import type { HealthCheckSettings } from '../config/sections/health-check.ts';
import type { Bytes, FieldList } from '../exchange.ts';
import type { ResponseLimits, UpstreamHead } from '../protocols/http1/response-reading.ts';
import { type ConnectionOwner, type ResponseListener, UpstreamConnection } from './connection.ts';
import type { Failure } from './failure.ts';
import type { UpstreamServer } from './server.ts';

/** Of the body, in which the expected text is looked for. */
const BODY_MAX = 65_536;
const CHECK_MS = 250;
const NOBODY: ConnectionOwner = { idle: (connection) => connection.destroy(), closed: () => {} };

/** Resolves to what is wrong with the answer, null when nothing is. */
export function probe(
  server: UpstreamServer,
  settings: HealthCheckSettings,
  limits: ResponseLimits,
): Promise<string | null> {
  return new Promise((resolve) => {
    const { timeoutMs } = settings;
    const connection = new UpstreamConnection(server.endpoint, limits, NOBODY, performance.now());
    const startedAt = performance.now();
    const timer = setInterval(
      () => {
        connection.check(performance.now());
        // A server that trickles is as bad as one that is silent.
        if (performance.now() - startedAt >= timeoutMs)
          finish(`no whole answer within ${timeoutMs / 1000} s`);
      },
      Math.min(CHECK_MS, timeoutMs),
    ).unref();
    const finish = (wrong: string | null) => {
      clearInterval(timer);
      connection.destroy();
      resolve(wrong);
    };
    const timeouts = {
      connectTimeoutMs: timeoutMs,
      sendTimeoutMs: timeoutMs,
      readTimeoutMs: timeoutMs,
      tunnelTimeoutMs: timeoutMs,
    };
    const request = probeRequest(server, settings);
    connection.send('GET', request, timeouts, new Verdict(settings, finish));
    connection.finish();
  });
}

/** A request without a body, whole. */
function probeRequest(server: UpstreamServer, settings: HealthCheckSettings): Bytes {
  const { path: target, params } = settings;
  const host = settings.host ?? hostOf(server);
  const { protocol } = server.endpoint;
  const userAgent = 'vivarium-health-check';
  if (protocol === null)
    return `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${userAgent}\r\nConnection: close\r\n\r\n`;
  const [path = '', query = ''] = target.split(/\?(.*)/s);
  const encoder = protocol.requestEncoder(false);
  const head = encoder.head(
    {
      method: 'GET',
      target,
      query,
      version: 'HTTP/1.1',
      scheme: 'http',
      fields: ['Host', host, 'User-Agent', userAgent],
      scriptName: '',
      pathInfo: decodePath(path) ?? path,
      mappedTarget: target,
      serverName: host.replace(/:\d*$/, ''),
      serverPort: 80,
      serverAddress: '',
      remoteAddress: '127.0.0.1',
      remotePort: 0,
      variables: [],
      params,
    },
    0,
  );
  return Buffer.concat([head, encoder.end()].map(toBuffer));
}

function toBuffer(bytes: Bytes): Uint8Array {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
}

function hostOf({ endpoint: { host, port, path } }: UpstreamServer): string {
  if (path !== null) return 'localhost';
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Judges one answer. */
class Verdict implements ResponseListener {
  readonly #settings: HealthCheckSettings;
  readonly #finish: (wrong: string | null) => void;
  #body = '';

  constructor(settings: HealthCheckSettings, finish: (wrong: string | null) => void) {
    this.#settings = settings;
    this.#finish = finish;
  }

  connected(): void {}
  interim(): void {}
  drain(): void {}
  stderr(): void {}
  bodyWanted(): void {}

  whole(head: UpstreamHead, body: Buffer): void {
    if (this.#isRight(head)) {
      this.data(body);
      this.end(null);
    }
  }

  head(head: UpstreamHead): void {
    this.#isRight(head);
  }

  data(chunk: Buffer): void {
    const { body } = this.#settings;
    if (body === null) return;
    this.#body += chunk.subarray(0, BODY_MAX).latin1Slice();
    if (this.#body.includes(body)) this.#finish(null);
    else if (this.#body.length >= BODY_MAX)
      this.#finish(`its first ${BODY_MAX} bytes do not have the expected text`);
  }

  end(_trailers: FieldList | null): void {
    const { body } = this.#settings;
    this.#finish(
      body === null || this.#body.includes(body) ? null : 'its answer does not have the expected text',
    );
  }

  failed(failure: Failure): void {
    this.#finish(`it ${failure.why}`);
  }

  #isRight({ status }: UpstreamHead): boolean {
    const { statuses } = this.#settings;
    if (status >= statuses.from && status <= statuses.to) return true;
    this.#finish(`status ${status}`);
    return false;
  }
}
