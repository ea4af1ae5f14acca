/**
 * Active health checks: every server of an upstream is asked for a path again and again, each on a connection of its own
 * and without waiting for the others. So many wrong answers in a row take it out, so many right ones bring it back.
 */

import type { HealthCheckSettings } from '../config/sections/health-check.ts';
import type { ResponseLimits } from '../protocols/http1/response-reading.ts';
import type { Log } from '../telemetry/log.ts';
import { probe } from './health-probe.ts';
import type { UpstreamServer } from './server.ts';
import type { Upstream } from './upstream.ts';

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
