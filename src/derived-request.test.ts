import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeRequest } from '../test/support/fake-exchange.ts';
import { derivedRequest } from './derived-request.ts';

test('only what is changed is different', () => {
  const request = fakeRequest({ target: '/a?b' });
  assert.deepEqual(derivedRequest(request, {}), request);
  assert.deepEqual(derivedRequest(request, { path: '/c' }), { ...request, path: '/c' });
});
