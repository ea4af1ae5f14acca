/**
 * Active health checks: every server of an upstream is asked for a path again and again, each on a connection of its own
 * and without waiting for the others. So many wrong answers in a row take it out, so many right ones bring it back.
 */
import type { HealthCheckSettings } from '../config/sections/health-check.ts';
import type { FieldList } from '../exchange.ts';
import type { ResponseLimits, UpstreamHead } from '../protocols/http1/response-reading.ts';
import type { Log } from '../telemetry/log.ts';
import { type ConnectionOwner, type ResponseListener, UpstreamConnection } from './connection.ts';
import type { Failure } from './failure.ts';
import type { UpstreamServer } from './server.ts';
import type { Upstream } from './upstream.ts';

/** Of the body, in which the expected text is looked for. */
const BODY_MAX = 65_536;
const CHECK_MS = 250;
const NOBODY: ConnectionOwner = { idle: (connection) => connection.destroy(), closed: () => {} };

interface Score {
  /** Of the answers, one after the other: right ones above 0, wrong ones below. */
  streak: number;
  isRunning: boolean;
}

export class HealthChecks {
  readonly #upstream: Upstream;
  readonly #settings: HealthCheckSettings;
  readonly #limits: ResponseLimits;
  readonly #log: Log;
  readonly #scores = new WeakMap<UpstreamServer, Score>();
  readonly #timer: NodeJS.Timeout;

  constructor(upstream: Upstream, settings: HealthCheckSettings, limits: ResponseLimits, log: Log) {
    this.#upstream = upstream;
    this.#settings = settings;
    this.#limits = limits;
    this.#log = log;
    this.#timer = setInterval(() => this.#checkAll(), settings.intervalMs).unref();
    // At once, but after the server list is there.
    setImmediate(() => this.#checkAll());
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #checkAll(): void {
    for (const server of this.#upstream.servers) {
      const score = this.#scores.get(server) ?? { streak: 0, isRunning: false };
      this.#scores.set(server, score);
      if (score.isRunning || server.state === 'disabled') continue;
      score.isRunning = true;
      void probe(server, this.#settings, this.#limits).then((wrong) => {
        score.isRunning = false;
        this.#judge(server, score, wrong);
      });
    }
  }

  /** `wrong`: what is; null when the answer was right. */
  #judge(server: UpstreamServer, score: Score, wrong: string | null): void {
    const { passes, fails } = this.#settings;
    score.streak = wrong === null ? Math.max(0, score.streak) + 1 : Math.min(0, score.streak) - 1;
    if (server.isHealthy && -score.streak >= fails) {
      server.isHealthy = false;
      server.closeIdle();
      this.#log.error('upstream-down', `${this.#upstream.describe(server)} fails its health check: ${wrong}`);
    } else if (!server.isHealthy && score.streak >= passes) {
      server.isHealthy = true;
      server.passive.cameBack(performance.now());
      this.#log.info('upstream-up', `${this.#upstream.describe(server)} passes its health check`);
    }
  }
}

/** Resolves to what is wrong with the answer, null when nothing is. */
function probe(
  server: UpstreamServer,
  settings: HealthCheckSettings,
  limits: ResponseLimits,
): Promise<string | null> {
  return new Promise((resolve) => {
    const { path, host, timeoutMs } = settings;
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
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: ${host ?? hostOf(server)}`,
      'User-Agent: vivarium-health-check',
    ];
    const request = `${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`;
    connection.send('GET', request, timeouts, new Verdict(settings, finish));
    connection.finish();
  });
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
