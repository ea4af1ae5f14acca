/** bin/vivarium: which Node.js it starts, and that it becomes the server. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeFolder } from './support/folder.ts';
import { VIVARIUM } from './support/vivarium.ts';

/** Prints its process id and what it was asked to run. */
function fakeNode(version: string): string {
  return `#!/bin/sh\n[ "$1" = --version ] && { echo ${version}; exit; }\necho "${version} $$ $*"\n`;
}

/** A folder with a package in `root` and programs in it; paths in the output are relative to the folder. */
function install(t: TestContext, root: string, files: Readonly<Record<string, string>>) {
  const folder = makeFolder(t);
  mkdirSync(join(folder, root, 'bin'), { recursive: true });
  cpSync(VIVARIUM, join(folder, root, 'bin/vivarium'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
    if (content.startsWith('#!')) chmodSync(join(folder, name), 0o755);
  }
  return (command = `${root}/bin/vivarium`, ...args: string[]) => {
    const env = { PATH: `${folder}/path:/usr/bin:/bin` };
    const { pid, status, stdout, stderr } = spawnSync(join(folder, command), args, { env, encoding: 'utf8' });
    return {
      status,
      stdout: stdout.replaceAll(`${folder}/`, '').replace(` ${pid} `, ' PID '),
      stderr: stderr.replaceAll(`${folder}/`, ''),
      link: (from: string, to: string) => symlinkSync(to, join(folder, from)),
    };
  };
}

const NODE = 'node_modules/node/bin/node';

test('a checkout runs its source with the node package in it, in the same process', (t) => {
  const run = install(t, 'checkout', {
    'checkout/src/main.js': '',
    [`checkout/${NODE}`]: fakeNode('v26.9.0'),
    'path/node': fakeNode('v30.0.0'),
  });
  const { stdout, status } = run(undefined, 'serve', 'my app.py');
  assert.equal(stdout, 'v26.9.0 PID checkout/src/main.js serve my app.py\n');
  assert.equal(status, 0);
});

test('an installed package runs its JavaScript with the node package above it', (t) => {
  const run = install(t, 'site/node_modules/vivarium', {
    'site/node_modules/vivarium/dist/main.js': '',
    [`site/${NODE}`]: fakeNode('v27.1.0'),
  });
  assert.equal(run().stdout, 'v27.1.0 PID site/node_modules/vivarium/dist/main.js\n');
});

test('the link that npm makes leads to the package', (t) => {
  const run = install(t, 'site/node_modules/vivarium', {
    'site/node_modules/vivarium/dist/main.js': '',
    'site/node_modules/.bin/.keep': '',
    'path/node': fakeNode('v26.10.0'),
  });
  run().link('site/node_modules/.bin/vivarium', '../vivarium/bin/vivarium');
  run().link('shortcut', 'site/node_modules/.bin/vivarium');
  const { stdout } = run('shortcut', 'version');
  assert.equal(stdout, 'v26.10.0 PID site/node_modules/vivarium/dist/main.js version\n');
});

test('a node package that is too old is passed over for the one on PATH', (t) => {
  const run = install(t, 'checkout', {
    'checkout/src/main.js': '',
    [`checkout/${NODE}`]: fakeNode('v26.8.9'),
    'path/node': fakeNode('v26.9.0'),
  });
  assert.equal(run().stdout, 'v26.9.0 PID checkout/src/main.js\n');
});

test('without a Node.js that is new enough it says what there is and what to do', (t) => {
  const run = install(t, 'checkout', { 'checkout/src/main.js': '', 'path/node': fakeNode('v20.20.2') });
  const { status, stdout, stderr } = run();
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /^vivarium: needs Node\.js 26\.9 or later; path\/node is v20\.20\.2\.\nInstall one from /,
  );
});

test('a package that is not complete is named', (t) => {
  const run = install(t, 'checkout', { 'path/node': fakeNode('v26.9.0') });
  const { status, stderr } = run();
  assert.equal(status, 1);
  assert.equal(stderr, 'vivarium: checkout/dist/main.js is missing: the package is not complete.\n');
});

test('the real one starts, and its exit status is that of the command', () => {
  const run = (...args: string[]) => spawnSync(VIVARIUM, args, { encoding: 'utf8' });
  assert.match(run('version').stdout, /^vivarium \d+\.\d+\.\d+ /);
  assert.equal(run('version').status, 0);
  assert.equal(run('sevre').status, 2);
});
