import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileAddressRules, isAddressRule } from './address-rules.ts';

test('the first rule that fits decides, as in nginx', () => {
  const allows = compileAddressRules([
    'deny 192.168.1.1',
    'allow 192.168.1.0/24',
    'allow 10.1.1.0/16',
    'allow 2001:db8::/32',
    'deny all',
  ]);
  assert.equal(allows('192.168.1.1'), false);
  assert.equal(allows('192.168.1.2'), true);
  assert.equal(allows('10.1.200.3'), true);
  assert.equal(allows('10.2.0.1'), false);
  assert.equal(allows('2001:db8::7'), true);
  assert.equal(allows('2001:db9::7'), false);
  assert.equal(allows(''), false);
});

test('whom no rule fits is allowed', () => {
  const allows = compileAddressRules(['deny 192.0.2.0/24', 'deny unix:']);
  assert.equal(allows('192.0.2.7'), false);
  assert.equal(allows('192.0.3.7'), true);
  assert.equal(allows(''), false);
  assert.equal(compileAddressRules([])('192.0.2.7'), true);
});

test('an IPv4 address that came as IPv6 is the IPv4 address', () => {
  const allows = compileAddressRules(['allow 192.0.2.0/24', 'deny all']);
  assert.equal(allows('::ffff:192.0.2.7'), true);
  assert.equal(allows('::ffff:192.0.3.7'), false);
});

test('what is no rule', () => {
  for (const rule of ['allow all', 'deny unix:', 'allow ::1', 'deny 10.0.0.0/8'])
    assert.equal(isAddressRule(rule), true, rule);
  for (const rule of [
    '',
    'allow',
    'permit all',
    'allow 10.0.0.0/33',
    'allow 10.0.0',
    'deny all all',
    'allow example.org',
  ])
    assert.equal(isAddressRule(rule), false, rule);
});
