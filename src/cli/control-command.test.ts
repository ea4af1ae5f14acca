import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand } from '../../test/support/fake-terminal.ts';
import { makeFolder } from '../../test/support/folder.ts';
import { printable } from './control-command.ts';
import { readControlOptions, readCount, theOnly } from './control-options.ts';
import { stop } from './stop.ts';

test('options are read, and what is no option is refused with what was meant', async () => {
  const argv = ['--now', '--server-root', 'x', '--json'];
  const { values, switches } = readControlOptions(argv, stop.switches);
  assert.deepEqual([[...values], [...switches]], [[['server-root', 'x']], ['now', 'json']]);
  const inline = readControlOptions(['--server-root=/a=b'], stop.switches);
  assert.equal(inline.values.get('server-root'), '/a=b');
  for (const [argv, told] of [
    [['stop', '--nwo'], 'vivarium stop: found "--nwo"; did you mean --now?\n'],
    [['status', 'wsgi.py'], 'vivarium status: found "wsgi.py"; allowed: --server-root, --json, --help\n'],
    [['reload', '--json=1'], /^vivarium reload: found "--json=1"; /],
    [['workers', '--server-root'], /^vivarium workers: --server-root: found nothing after it; allowed: /],
  ] as const) {
    const said = await runCommand(argv);
    assert.deepEqual([said.status, said.printed], [2, '']);
    if (typeof told === 'string') assert.equal(said.told, told);
    else assert.match(said.told, told);
  }
});

test('a count is a whole number up to its limit', () => {
  const recent = (value: string) =>
    readCount(readControlOptions(['--recent', value], { 'recent N': '' }), 'recent', 10, 200);
  assert.equal(readCount(readControlOptions([], {}), 'recent', 10, 200), 10);
  assert.deepEqual([recent('0'), recent('200')], [0, 200]);
  for (const bad of ['201', '-1', '1.5', 'x', '1e2', '0x1'])
    assert.throws(() => recent(bad), {
      message: `--recent: found ${JSON.stringify(bad)}; allowed: a whole number from 0 to 200`,
    });
});

test('a command without a server says so', async (t) => {
  const cwd = makeFolder(t);
  assert.deepEqual(await runCommand(['stop', '--server-root', 'here'], { cwd }), {
    status: 1,
    printed: '',
    told: `vivarium stop: no server is running with the server root ${cwd}/here\n`,
  });
});

test('the only server is the one that is meant', () => {
  const one = { pid: 7, serverRoot: '/a' };
  assert.equal(theOnly([one]), '/a');
  assert.throws(() => theOnly([]), { name: 'ControlError', message: /^no server of yours is running/ });
  assert.throws(() => theOnly([one, { pid: 8, serverRoot: '/b' }]), {
    name: 'ControlMistake',
    message:
      '2 servers are running; name one of them:\n  --server-root /a  (pid 7)\n  --server-root /b  (pid 8)',
  });
});

test('what a server says cannot move the cursor', () => {
  assert.equal(printable('a\x1b[2J\r\x9b\tb\né'), 'a\\x1b[2J\\x0d\\x9b\tb\né');
});
