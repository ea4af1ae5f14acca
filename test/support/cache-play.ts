/** A cache before a handler that a test plays, for the tests of src/middleware/cache. */
import assert from 'node:assert/strict';
import { readSection } from '../../src/config/read-section.ts';
import { type CacheSettings, cache as cacheSection } from '../../src/config/sections/cache.ts';
import type { Bytes, Exchange } from '../../src/exchange.ts';
import { cache } from '../../src/middleware/cache/cache.ts';
import { MemoryStore } from '../../src/middleware/cache/memory-store.ts';
import { ResponseStore } from '../../src/middleware/cache/store.ts';
import { FakeExchange, type FakeRequest } from './fake-exchange.ts';

export const START_MS = Date.UTC(2026, 10, 21, 12);

export function settingsOf(table: object): CacheSettings {
  const mistakes: string[] = [];
  const spot = { file: 'vivarium.toml', directory: '/', path: ['cache'], lineOf: () => 1 };
  const settings = readSection(cacheSection, table, spot, mistakes);
  assert.deepEqual(mistakes, []);
  return settings!;
}

/** With a clock that the test moves. */
export class CachePlay {
  nowMs = START_MS;
  readonly store: ResponseStore;
  /** What has reached the handler. */
  readonly asked: Exchange[] = [];
  /** Answers at once when it is set; otherwise the test does. */
  answer: ((exchange: Exchange) => void) | null = null;
  readonly handle: (exchange: Exchange) => void;

  constructor(table: object = {}, memoryBytesMax = 10_000_000) {
    this.store = new ResponseStore(new MemoryStore(memoryBytesMax), null, () => this.nowMs);
    this.handle = cache(settingsOf(table), { cacheStore: this.store })((exchange) => {
      this.asked.push(exchange);
      this.answer?.(exchange);
    });
  }

  ask(request: FakeRequest = {}): FakeExchange {
    const exchange = new FakeExchange(request);
    this.handle(exchange);
    return exchange;
  }

  pass(seconds: number): void {
    this.nowMs += seconds * 1000;
  }
}

/** An answer with this Cache-Control. */
export const says =
  (cacheControl: string, body: Bytes = 'hello', more: readonly string[] = []) =>
  (exchange: Exchange): void =>
    exchange.respond(200, ['Cache-Control', cacheControl, ...more], body);
