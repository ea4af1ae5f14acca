/** The requests that a command has not answered yet: for `vivarium ps`, the access log and the metrics. */
import type { RequestInFlight } from '../control/messages.ts';
import type { Exchange, Progress } from '../exchange.ts';
import type { CommandWorker } from './command-worker.ts';

class Entry implements Progress {
  begunAt = 0;
  readonly answeredAt = 0;
  worker: CommandWorker | null = null;

  get workerName(): string | null {
    return this.worker?.name ?? null;
  }
}

export class Requests {
  readonly #application: string;
  readonly #entries = new Map<Exchange, Entry>();
  /** What processes have spent on those that have ended: how much of it they computed, nobody says. */
  readonly spent = { cpuUs: 0, wallUs: 0 };

  constructor(application: string) {
    this.#application = application;
  }

  add(exchange: Exchange): void {
    const entry = new Entry();
    this.#entries.set(exchange, entry);
    exchange.application = entry;
    const { onFinished } = exchange;
    exchange.onFinished = (ended) => {
      this.#entries.delete(exchange);
      if (entry.begunAt > 0) this.spent.wallUs += 1000 * (ended.endedAt - entry.begunAt);
      onFinished?.(ended);
    };
  }

  given(exchange: Exchange, worker: CommandWorker): void {
    const entry = this.#entries.get(exchange);
    if (entry === undefined) return;
    entry.worker = worker;
    entry.begunAt = performance.now();
    exchange.workerPid = worker.pid;
  }

  /** None has it any more. */
  takenBack(exchange: Exchange): void {
    const entry = this.#entries.get(exchange);
    if (entry !== undefined) Object.assign(entry, { worker: null, begunAt: 0 });
  }

  /** Oldest first. */
  list(): RequestInFlight[] {
    const now = performance.timeOrigin + performance.now();
    const all = Array.from(this.#entries, ([exchange, { worker }]): RequestInFlight => {
      const { id, request, startedAtMs, status } = exchange;
      const running = status === 0 ? 'running' : 'writing its answer';
      return {
        application: this.#application,
        id,
        method: request.method,
        target: request.target,
        client: request.remoteAddress,
        worker: worker?.identity.worker ?? null,
        pid: worker?.pid ?? null,
        phase: worker === null ? 'queued' : running,
        ageMs: Math.max(0, Math.round(now - startedAtMs)),
        stack: null,
      };
    });
    return all.sort((a, b) => b.ageMs - a.ageMs);
  }
}
