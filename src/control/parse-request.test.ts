import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRequest } from './parse-request.ts';

test('what is missing has its default, and only what is known comes through', () => {
  for (const [line, request] of [
    ['{"command":"status","x":1}', { command: 'status' }],
    ['{"command":"restart"}', { command: 'restart' }],
    ['{"command":"reload"}', { command: 'reload', application: null }],
    ['{"command":"reload","application":"shop"}', { command: 'reload', application: 'shop' }],
    ['{"command":"reload","application":7}', null],
    ['{"command":"ps"}', { command: 'ps', stacks: false }],
    ['{"command":"ps","stacks":true}', { command: 'ps', stacks: true }],
    ['{"command":"stop"}', { command: 'stop', now: false }],
    ['{"command":"stop","now":1}', { command: 'stop', now: false }],
    ['{"command":"purge","purge":{"kind":"all"}}', { command: 'purge', purge: { kind: 'all', value: '' } }],
    ['{"command":"purge","purge":{"kind":"some","value":"x"}}', null],
    ['{"command":"purge"}', null],
    ['{"command":"events"}', { command: 'events', recent: 10, follow: false }],
    ['{"command":"events","recent":0,"follow":true}', { command: 'events', recent: 0, follow: true }],
    ['{"command":"events","recent":"9"}', null],
    ['{"command":"events","recent":null}', null],
    ['{"command":"events","recent":1.5}', null],
  ] as const)
    assert.deepEqual(parseRequest(line), request, line);
});
