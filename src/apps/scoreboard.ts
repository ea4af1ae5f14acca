/**
 * What the workers and their threads are doing, for the application itself: `server_metrics()`, with the names and
 * meanings of mod_wsgi (python/vivarium/scoreboard.py, docs/guide/mod-wsgi.md). Made from what is known anyway.
 */
import type { ApplicationSettings } from '../config/configuration.ts';
import type { Channel } from './channel.ts';
import type { Worker } from './worker.ts';

/** Characters of what a client has sent; as many as Apache keeps. */
const TEXT_MAX = 64;
/** A worker gets no more than ten answers a second: what it asks meanwhile is answered with the next. */
const PAUSE_MS = 100;

/** Times are seconds since 1970; 0 where they are not known. */
interface ThreadScore {
  readonly thread_num: number;
  readonly generation: number;
  readonly status: '_' | 'R' | 'W' | 'G' | '.';
  readonly access_count: number;
  readonly bytes_served: number;
  readonly start_time: number;
  readonly stop_time: number;
  readonly last_used: number;
  readonly client: string;
  readonly request: string;
  readonly vhost: string;
}

interface ProcessScore {
  readonly process_num: number;
  readonly pid: number;
  readonly generation: number;
  readonly quiescing: boolean;
  readonly workers: readonly ThreadScore[];
}

export interface Scoreboard {
  readonly server_limit: number;
  readonly thread_limit: number;
  readonly running_generation: number;
  readonly restart_time: number;
  readonly current_time: number;
  readonly running_time: number;
  readonly processes: readonly ProcessScore[];
}

export function makeScoreboard(settings: ApplicationSettings, all: Iterable<Worker>): Scoreboard {
  const workers = [...all].filter(({ state }) => state !== 'gone');
  const active = workers.filter(({ state }) => state === 'active');
  const uptimeMs = performance.now();
  return {
    server_limit: settings.processes.max,
    thread_limit: settings.threads,
    running_generation: Math.max(0, ...active.map(({ identity }) => identity.generation)),
    restart_time: secondsAt(0),
    current_time: secondsAt(uptimeMs),
    running_time: Math.floor(uptimeMs / 1000),
    processes: workers.map(scoreProcess),
  };
}

function scoreProcess(worker: Worker): ProcessScore {
  const { generation, threads } = worker.identity;
  const channels = new Map(worker.channels.map((channel) => [channel.index, channel]));
  const isQuiescing = worker.state === 'draining';
  return {
    process_num: worker.identity.worker,
    pid: worker.pid,
    generation,
    quiescing: isQuiescing,
    workers: Array.from({ length: threads }, (_, thread) => ({
      thread_num: thread,
      generation,
      ...scoreChannel(channels.get(thread), isQuiescing),
    })),
  };
}

function scoreChannel(channel: Channel | undefined, isQuiescing: boolean) {
  if (channel === undefined) return NO_THREAD;
  const { first, headSince, answered, bytesRead } = channel;
  const usedAt = headSince === 0 ? 0 : secondsAt(headSince);
  const score = { ...NO_THREAD, access_count: answered, bytes_served: bytesRead, last_used: usedAt };
  if (first === null) return { ...score, status: '_' as const, stop_time: usedAt };
  const { method, target, version, remoteAddress, authority } = first.exchange.request;
  return {
    ...score,
    status: statusOf(channel, isQuiescing),
    start_time: usedAt,
    client: remoteAddress.slice(0, TEXT_MAX),
    request: `${method} ${target} ${version}`.slice(0, TEXT_MAX),
    vhost: authority.slice(0, TEXT_MAX),
  };
}

function statusOf({ phase }: Channel, isQuiescing: boolean): ThreadScore['status'] {
  if (isQuiescing) return 'G';
  return phase === 'reading its body' ? 'R' : 'W';
}

/** A moment of performance.now(). */
function secondsAt(ms: number): number {
  return (performance.timeOrigin + ms) / 1000;
}

const NO_THREAD = {
  status: '.' as ThreadScore['status'],
  access_count: 0,
  bytes_served: 0,
  start_time: 0,
  stop_time: 0,
  last_used: 0,
  client: '',
  request: '',
  vhost: '',
};

/** Answers at once, and what is asked within PAUSE_MS of it with one answer after that time. */
export class Paced {
  readonly #answer: () => void;
  #pause: NodeJS.Timeout | null = null;
  #isAsked = false;

  constructor(answer: () => void) {
    this.#answer = answer;
  }

  ask(): void {
    this.#isAsked = true;
    if (this.#pause === null) this.#proceed();
  }

  #proceed(): void {
    this.#pause = null;
    if (!this.#isAsked) return;
    this.#isAsked = false;
    this.#pause = setTimeout(() => this.#proceed(), PAUSE_MS).unref();
    this.#answer();
  }
}
