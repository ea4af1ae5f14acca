import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bytes,
  choice,
  command,
  count,
  fraction,
  listenAddress,
  onOff,
  path,
  seconds,
  urlPath,
  type ValueType,
} from './value-types.ts';

/** What a text of the command line comes to; undefined when it is refused. */
function read<T>(type: ValueType<T>, text: string): T | undefined {
  return type.schema.safeParse(type.fromText(text)).data;
}

test('times are seconds, or have a unit', () => {
  const time = seconds();
  for (const [text, value] of [
    ['15', 15],
    ['1.5', 1.5],
    ['15s', 15],
    ['500ms', 0.5],
    ['3ms', 0.003],
    ['2m', 120],
    ['1h', 3600],
    ['0.5h', 1800],
  ] as const) {
    assert.equal(read(time, text), value, text);
  }
});

test('what is no time is refused', () => {
  for (const text of [
    '',
    'x',
    '-1',
    '1d',
    '1 s',
    '15 seconds',
    '1e3',
    'NaN',
    'Infinity',
    '0',
    '0s',
    '40000m',
    '600h',
  ]) {
    assert.equal(read(seconds(), text), undefined, text);
  }
});

test('0 is a time only where it means something', () => {
  assert.equal(read(seconds('no limit'), '0'), 0);
  assert.match(seconds('no limit').allowed, /0 \(no limit\)/);
});

test('sizes are bytes, or have a unit of 1024', () => {
  const size = bytes({});
  for (const [text, value] of [
    ['8190', 8190],
    ['64k', 65_536],
    ['10M', 10_485_760],
    ['1g', 1_073_741_824],
  ] as const) {
    assert.equal(read(size, text), value, text);
  }
  for (const text of ['', '1.5', '1.5m', '-1', '10mb', '1 k', '0', '0k'])
    assert.equal(read(size, text), undefined, text);
  assert.equal(read(bytes({ zero: 'no limit' }), '0'), 0);
  assert.equal(read(bytes({ min: 64 }), '63'), undefined);
});

test('a formatted time or size reads as itself', () => {
  const time = seconds('none');
  const milliseconds = fc.integer({ min: 0, max: 100_000_000 }).map((ms) => ms / 1000);
  fc.assert(fc.property(milliseconds, (value) => assert.equal(read(time, time.format(value)), value)));
  const size = bytes({ zero: 'none' });
  fc.assert(fc.property(fc.nat(2 ** 40), (value) => assert.equal(read(size, size.format(value)), value)));
  assert.equal(size.format(10_485_760), '10m');
  assert.equal(time.format(0.5), '500ms');
});

test('counts are whole numbers of a range', () => {
  assert.equal(read(count(0, 65535), '65535'), 65535);
  for (const text of ['65536', '-1', '1.5', '0x10', '', 'many'])
    assert.equal(read(count(0, 65535), text), undefined);
});

test('fractions are numbers up to the greatest', () => {
  for (const [text, value] of [
    ['0', 0],
    ['0.25', 0.25],
    ['0.9', 0.9],
  ] as const) {
    assert.equal(read(fraction(0.9), text), value, text);
  }
  for (const text of ['0.91', '-0.1', '10%', '', 'NaN'])
    assert.equal(read(fraction(0.9), text), undefined, text);
});

test('switches know the words of the environment', () => {
  for (const text of ['on', 'true', 'YES', '1']) assert.equal(read(onOff, text), true, text);
  for (const text of ['off', 'false', 'No', '0']) assert.equal(read(onOff, text), false, text);
  for (const text of ['', 'maybe', '2']) assert.equal(read(onOff, text), undefined, text);
});

test('a file has numbers and booleans of its own', () => {
  assert.equal(count(1, 9).schema.safeParse('8').success, false);
  assert.equal(onOff.schema.safeParse('on').success, false);
  assert.equal(seconds().schema.safeParse('15').success, false);
  assert.equal(seconds().schema.safeParse('15s').data, 15);
});

test('a choice is one of its words', () => {
  assert.equal(read(choice('debug', 'info', 'warn'), 'info'), 'info');
  assert.equal(read(choice('debug', 'info'), 'Info'), undefined);
  assert.equal(choice('debug', 'info', 'warn').allowed, 'debug, info or warn');
});

test('a URL path begins with a slash and does not end with one', () => {
  for (const [text, value] of [
    ['/', '/'],
    ['/static', '/static'],
    ['/static/', '/static'],
    ['///', '/'],
    ['/a b', undefined],
    ['/a?b', undefined],
    ['static', undefined],
    ['', undefined],
  ] as const) {
    assert.equal(read(urlPath, text), value, text);
  }
});

test('relative paths are resolved, names of programs are not', () => {
  assert.equal(path('FILE').resolveIn?.('a/b', '/srv'), '/srv/a/b');
  assert.equal(path('FILE').resolveIn?.('/a', '/srv'), '/a');
  assert.equal(command.resolveIn?.('python3.12', '/srv'), 'python3.12');
  assert.equal(command.resolveIn?.('bin/python', '/srv'), '/srv/bin/python');
  assert.equal(listenAddress.resolveIn?.('unix:run/app.sock', '/srv'), 'unix:/srv/run/app.sock');
  assert.equal(listenAddress.resolveIn?.(':80', '/srv'), ':80');
});

test('no text holds a NUL', () => {
  for (const type of [path('FILE'), command, urlPath]) assert.equal(read(type, '/a\0b'), undefined);
});
