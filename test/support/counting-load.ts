/**
 * A bounded load of test/apps/counting.py that accounts for every request: each carries an id of its own, the
 * application writes the ids that it ran to a file, and the tally puts the two together.
 */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { RawClient } from './raw-client.ts';

export interface Tally {
  /** Status of each request that was answered, by its id. */
  readonly answered: ReadonlyMap<string, number>;
  /** Ids whose connection ended before the answer was whole. */
  readonly cut: readonly string[];
  /** Connections that could not be made. */
  readonly refused: number;
  /** Answers that belong to another request. */
  readonly mixedUp: readonly string[];
}

/** A connection on which requests are asked one after the other. */
export interface Caller {
  get(target: string): Promise<{
    readonly status: number;
    readonly text: string;
    readonly complete: boolean;
    /** A field by its name. */
    get(name: string): unknown;
  }>;
  close(): void;
}

export interface LoadOptions {
  readonly connections: number;
  /** Connects; with HTTP/1.1 when nothing is said. */
  readonly open?: (to: number | string) => Promise<Caller>;
  /** Added to the target of every request: `&ms=20`. */
  readonly query?: string;
  /** After so many a client makes a new connection. */
  readonly requestsPerConnection?: number;
}

export class CountingLoad {
  readonly #query: string;
  readonly #requestsPerConnection: number;
  readonly #open: (to: number | string) => Promise<Caller>;
  readonly #answered = new Map<string, number>();
  readonly #cut: string[] = [];
  readonly #mixedUp: string[] = [];
  readonly #events = new EventEmitter();
  readonly #clients: Promise<void>[];
  #refused = 0;
  #stopping = false;

  /** Ports and paths of Unix sockets; clients are spread over them. */
  constructor(to: number | readonly (number | string)[], options: LoadOptions) {
    this.#query = options.query ?? '';
    this.#requestsPerConnection = options.requestsPerConnection ?? Number.POSITIVE_INFINITY;
    this.#open = options.open ?? ((address) => RawClient.open(address));
    const addresses = typeof to === 'number' ? [to] : to;
    this.#clients = Array.from({ length: options.connections }, (_, n) =>
      this.#runClient(n, addresses[n % addresses.length]!),
    );
  }

  get answers(): number {
    return this.#answered.size;
  }

  /** Resolves after `count` more answers. */
  async waitForAnswers(count: number): Promise<void> {
    const until = this.answers + count;
    while (this.answers < until) await once(this.#events, 'answer', { signal: AbortSignal.timeout(30_000) });
  }

  /** Lets every client finish its request. */
  async stop(): Promise<Tally> {
    this.#stopping = true;
    await Promise.all(this.#clients);
    return { answered: this.#answered, cut: this.#cut, refused: this.#refused, mixedUp: this.#mixedUp };
  }

  async #runClient(client: number, to: number | string): Promise<void> {
    for (let connection = 0; !this.#stopping; connection++) {
      try {
        const raw = await this.#open(to);
        await this.#useConnection(raw, `${client}-${connection}`);
        raw.close();
      } catch {
        this.#refused++;
      }
    }
  }

  /** Requests one after the other until the connection ends. */
  async #useConnection(raw: Caller, name: string): Promise<void> {
    for (let n = 0; !this.#stopping && n < this.#requestsPerConnection; n++) {
      const id = `${name}-${n}`;
      try {
        const response = await raw.get(`/?id=${id}${this.#query}`);
        if (!response.complete) throw new Error('cut');
        if (response.status === 200 && response.text !== id) this.#mixedUp.push(`${id} got ${response.text}`);
        this.#answered.set(id, response.status);
        this.#events.emit('answer');
        if (response.get('connection') === 'close') return;
      } catch {
        this.#cut.push(id);
        return;
      }
    }
  }
}

/** How often the application ran each id, and in which process last. */
export function readRuns(countFile: string): Map<string, { times: number; pid: number }> {
  const runs = new Map<string, { times: number; pid: number }>();
  for (const line of readFileSync(countFile, 'utf8').trimEnd().split('\n')) {
    const [id, pid] = line.split(' ');
    runs.set(id!, { times: (runs.get(id!)?.times ?? 0) + 1, pid: Number(pid) });
  }
  return runs;
}

/** Nothing was lost, refused or run twice. Returns who ran what. */
export function assertEachRunOnce(tally: Tally, countFile: string): ReturnType<typeof readRuns> {
  assert.deepEqual([tally.cut, tally.refused, tally.mixedUp], [[], 0, []]);
  assert.deepEqual(
    [...tally.answered].filter(([, status]) => status !== 200),
    [],
  );
  const runs = readRuns(countFile);
  assert.deepEqual(
    [...runs].filter(([, { times }]) => times !== 1),
    [],
  );
  assert.equal(runs.size, tally.answered.size);
  return runs;
}
