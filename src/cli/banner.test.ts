import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFolder, textApplication } from '../../test/support/folder.ts';
import type { Configuration } from '../config/configuration.ts';
import { newInstance } from '../config/instance.ts';
import { loadConfiguration } from '../config/load.ts';
import { readFlags } from '../config/sources/flags.ts';
import { formatBanner } from './banner.ts';

async function load(cwd: string, ...argv: string[]): Promise<Configuration> {
  const environment = { PATH: process.env.PATH, HOME: process.env.HOME };
  const flags = readFlags(argv, cwd);
  return (await loadConfiguration({ flags, environment, cwd, instance: newInstance(), uid: 1 }))
    .configuration;
}

test('the banner says what an operator wants to know', async (t) => {
  const cwd = makeFolder(t, { 'wsgi.py': textApplication('hello') });
  const argv = [
    'wsgi.py',
    '--processes',
    '2',
    '--threads',
    '4',
    '--server-root',
    '/run/v',
    '--url-alias',
    '/static',
    '.',
  ];
  const configuration = await load(cwd, ...argv);
  const { interpreter, interpreterVersion } = configuration.applications[0]!;
  assert.deepEqual(formatBanner(configuration, ['http://127.0.0.1:8000', 'unix:/run/app.sock']).split('\n'), [
    'Server URL         : http://127.0.0.1:8000/',
    'Server URL         : unix:/run/app.sock',
    'Server Root        : /run/v',
    `Interpreter        : ${interpreter} (Python ${interpreterVersion})`,
    `Application        : ${cwd}/wsgi.py`,
    'Request Capacity   : 8 (2 processes * 4 threads)',
    'Startup Timeout    : 15 (seconds)',
    'Queue Size         : 1000 (requests)',
    'Queue Timeout      : 45 (seconds)',
    'Request Timeout    : 60 (seconds)',
    'Graceful Timeout   : 15 (seconds)',
    'Keep-alive Timeout : 75 (seconds)',
    `Static Files       : /static from ${cwd}`,
    'Error Log          : terminal (info)',
    'Access Log         : terminal (combined)',
    '',
  ]);
});

test('the banner names the limits that are set', async (t) => {
  const cwd = makeFolder(t, { 'wsgi.py': textApplication('hello') });
  const limits = ['--maximum-requests', '1000', '--restart-interval', '1h', '--memory-limit', '400m'];
  limits.push('--memory-limit-hard', '800m', '--request-timeout', '0');
  const rest = ['--inactivity-timeout', '500ms', '--cpu-time-limit', '60'];
  const banner = formatBanner(await load(cwd, 'wsgi.py', ...limits, ...rest), []);
  for (const line of [
    'Maximum Requests   : 1000 (requests)',
    'Restart Interval   : 3600 (seconds)',
    'Inactivity Timeout : 0.5 (seconds)',
    'CPU Time Limit     : 60 (seconds)',
    'Memory Limit       : 419430400 (bytes)',
    'Memory Limit Hard  : 838860800 (bytes)',
    'Request Timeout    : none',
  ]) {
    assert.ok(banner.includes(`${line}\n`), `${line}\n${banner}`);
  }
});

test('the banner names mount point, callable, log files and pid file', async (t) => {
  const cwd = makeFolder(t);
  const argv = ['shop:app', '--mount-point', '/shop', '--processes', '1', '--threads', '1'];
  const logs = ['--log-directory', '/logs', '--no-access-log', '--pid-file', '/run/pid'];
  const banner = formatBanner(await load(cwd, ...argv, ...logs), ['http://[::1]:8000']);
  for (const line of [
    'Server URL         : http://[::1]:8000/shop',
    'Application        : shop:app',
    'Request Capacity   : 1 (1 process * 1 thread)',
    'Error Log          : /logs/error_log (info)',
    'Access Log         : off',
    'Pid File           : /run/pid',
  ]) {
    assert.ok(banner.includes(`${line}\n`), `${line}\n${banner}`);
  }
});

test('of a command the banner says what is true of it', async (t) => {
  const alone = formatBanner(await load(makeFolder(t), '--command', 'sleep 1', '--max-connections', '8'), []);
  assert.match(alone, /^Request Capacity +: 8 \(1 process \* 8 connections\)$/m);
  assert.doesNotMatch(alone, /thread|Interpreter/);
});
