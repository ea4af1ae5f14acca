import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import type { Handler } from '../handler.ts';
import { observe } from './observe.ts';

const answer: Handler = (exchange) => exchange.respond(204, [], '');

test('every observer sees an exchange once, when it has ended', () => {
  for (const names of [[], ['one'], ['one', 'two', 'three']]) {
    const seen: string[] = [];
    const observers = names.map(
      (name) =>
        ({ status }: { status: number }) =>
          seen.push(`${name} ${status}`),
    );
    observe(observers)((exchange) => {
      assert.deepEqual(seen, []);
      answer(exchange);
    })(new FakeExchange());
    assert.deepEqual(
      seen,
      names.map((name) => `${name} 204`),
    );
  }
});
