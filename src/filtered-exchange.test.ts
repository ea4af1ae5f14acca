import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../test/support/fake-exchange.ts';
import { DerivedExchange, FilteredExchange } from './filtered-exchange.ts';

class SendingExchange extends FakeExchange {
  readonly sendsFiles: boolean = true;
}

test('files go straight to the client only past those who leave bodies alone', () => {
  const inner = new SendingExchange();
  assert.equal(new DerivedExchange(inner).sendsFiles, true);
  assert.equal(new FilteredExchange(inner).sendsFiles, false);
  assert.equal(new DerivedExchange(new FilteredExchange(inner)).sendsFiles, false);
  assert.equal(new DerivedExchange(new FakeExchange()).sendsFiles, false);
});
