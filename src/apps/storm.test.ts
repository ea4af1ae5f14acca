/**
 * Everything at once: fast and slow requests, uploads, recalls, clients who leave, workers that die or are drained.
 * Whatever happens, each request ends once, none is run twice, and nothing is left behind.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import { ScriptedSite, type ScriptedWorker } from '../../test/support/scripted-worker.ts';
import type { RequestBody } from '../exchange.ts';
import { controlFrame, isAfter, Kind } from '../protocols/worker/frames.ts';
import { Assignment } from './assignment.ts';

const THREADS = 3;
const REQUESTS = 200;
const SEEDS = 8;

/** Random numbers that can be had again: below `n`. */
type Chance = (n: number) => number;

function chanceOf(seed: number): Chance {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * n);
  };
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A worker that runs what it is given, one request a thread, and keeps the rules of recall. */
class BusyWorker {
  readonly scripted: ScriptedWorker;
  readonly #chance: Chance;
  readonly #ran: Map<string, number>;
  readonly #started = new Array<number>(THREADS).fill(0);
  readonly #recalled: { thread: number; after: number; through: number }[] = [];
  isDead = false;

  constructor(scripted: ScriptedWorker, chance: Chance, ran: Map<string, number>) {
    this.scripted = scripted;
    this.#chance = chance;
    this.#ran = ran;
    scripted.started(...this.#started);
    for (let thread = 0; thread < THREADS; thread++) this.#runThread(thread);
    this.#runControl();
  }

  die(): void {
    this.isDead = true;
    this.scripted.die();
  }

  async #runThread(thread: number): Promise<void> {
    const channel = this.scripted.channels[thread]!;
    for (;;) {
      const frame = await channel.next();
      if (this.isDead) return;
      if (frame.kind !== Kind.request || this.#wasRecalled(thread, frame.id)) continue;
      this.#started[thread] = frame.id;
      this.scripted.started(...this.#started);
      const path = frame.payload.slice(7).split('\0')[2]!;
      this.#ran.set(path, (this.#ran.get(path) ?? 0) + 1);
      const follows = frame.payload.charCodeAt(2) === 2;
      const answersEarly = this.#chance(2) === 0;
      if (this.#chance(10) === 0) await turns(30);
      if (!answersEarly) await this.#skipBody(thread, follows);
      if (this.isDead) return;
      channel.respond(frame.id, path);
      if (answersEarly) await this.#skipBody(thread, follows);
    }
  }

  async #skipBody(thread: number, follows: boolean): Promise<void> {
    while (follows && (await this.scripted.channels[thread]!.next()).kind !== Kind.requestEnd);
  }

  #wasRecalled(thread: number, id: number): boolean {
    return this.#recalled.some(
      (one) => one.thread === thread && isAfter(id, one.after) && !isAfter(id, one.through),
    );
  }

  async #runControl(): Promise<void> {
    for (;;) {
      const recall = await this.scripted.control.message(Kind.recall);
      if (this.isDead) return;
      const { channel, after, through } = recall as { channel: number; after: number; through: number };
      const started = isAfter(this.#started[channel]!, after) ? this.#started[channel]! : after;
      this.#recalled.push({ thread: channel, after: started, through });
      this.scripted.control.send(controlFrame(Kind.recalled, { channel, started, through }));
    }
  }
}

/** A body of several pieces, each of which comes a little later. */
function lateBody(pieces: number): RequestBody {
  let left = pieces;
  let isDiscarded = false;
  return {
    size: pieces * 70_000,
    inMemory: null,
    read(callback) {
      setImmediate(() => {
        // As a spool does: a reader of what was discarded is not called any more.
        if (!isDiscarded) callback(null, left-- > 0 ? Buffer.alloc(70_000) : null);
      });
    },
    discard() {
      isDiscarded = true;
    },
  };
}

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`storm ${seed}`, async (t) => {
    const chance = chanceOf(seed);
    const site = await ScriptedSite.start(t, { threads: THREADS });
    const ran = new Map<string, number>();
    let count = 0;
    const addWorker = async () => new BusyWorker(await site.addWorker(++count), chance, ran);
    let workers = [await addWorker(), await addWorker()];

    const exchanges: FakeExchange[] = [];
    for (let n = 0; n < REQUESTS; n++) {
      const exchange = new FakeExchange({ path: `/${n}` });
      exchanges.push(exchange);
      const open = site.worker(count).channels.filter((channel) => !channel.closed);
      if (chance(4) === 0) {
        const body = lateBody(1 + chance(4));
        exchange.onFinished = () => body.discard();
        site.application.handle(Object.assign(exchange, { body }));
      } else if (chance(2) === 0 && open.length > 0) {
        // As the scheduler does when requests are fast: behind others.
        new Assignment(site.application, exchange).sendTo(open[chance(open.length)]!);
      } else site.application.handle(exchange);

      if (chance(8) === 0) exchanges[chance(exchanges.length)]!.leave();
      if (chance(3) === 0) await turns(chance(4));
      if (chance(40) === 0) {
        const [old, other] = workers as [BusyWorker, BusyWorker];
        const next = await addWorker();
        if (chance(2) === 0) {
          old.die();
          site.application.exited(old.scripted.identity.worker, 'was killed');
        } else {
          site.application.switch([], [old.scripted.identity.worker]);
        }
        workers = [other, next];
      }
    }

    await Promise.all(exchanges.map((exchange) => exchange.finished));
    for (const [path, times] of ran) assert.equal(times, 1, `${path} was run ${times} times`);
    for (const exchange of exchanges) {
      if (exchange.outcome === 'client-gone') continue;
      assert.ok([200, 502].includes(exchange.status), `${exchange.request.path}: ${exchange.status}`);
      if (exchange.status === 200) assert.equal(exchange.text, exchange.request.path);
    }
    // Requests whose clients have left may still run.
    const all = [...site.application.workers.values()];
    while (all.some((worker) => worker.load > 0)) await turns(1);
    const isIdle = () =>
      all.every((worker) => worker.channels.every((channel) => channel.load === 0 && !channel.closed));
    while (!isIdle()) await turns(1);
    assert.deepEqual(
      site.events.filter((event) => event.startsWith('broken')),
      [],
    );
  });
}
