import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../../../test/support/folder.ts';
import { formatTarget } from '../format.ts';
import { applicationName, parseTarget } from './target.ts';

test('a directory, a script and a script with its callable', (t) => {
  const folder = makeFolder(t, { 'shop/wsgi.py': '', 'shop/site.wsgi': '' });
  assert.deepEqual(parseTarget('shop', folder), { kind: 'directory', path: join(folder, 'shop') });
  assert.deepEqual(parseTarget('.', folder), { kind: 'directory', path: folder });
  const script = (name: string, callable: string | null) => ({
    kind: 'application',
    target: { kind: 'script', path: join(folder, 'shop', name), callable },
    directory: join(folder, 'shop'),
  });
  assert.deepEqual(parseTarget('shop/wsgi.py', folder), script('wsgi.py', null));
  assert.deepEqual(parseTarget('shop/site.wsgi', folder), script('site.wsgi', null));
  assert.deepEqual(parseTarget('shop/wsgi.py:app', folder), script('wsgi.py', 'app'));
  assert.deepEqual(parseTarget('shop/wsgi.py:make()', folder), script('wsgi.py', 'make()'));
});

test('a module, with or without its callable, is imported from the directory', (t) => {
  const folder = makeFolder(t, { 'package/__init__.py': '' });
  const module = (name: string, callable: string | null) => ({
    kind: 'application',
    target: { kind: 'module', module: name, callable },
    directory: folder,
  });
  assert.deepEqual(parseTarget('shop.wsgi:application', folder), module('shop.wsgi', 'application'));
  assert.deepEqual(parseTarget('shop.wsgi', folder), module('shop.wsgi', null));
  assert.deepEqual(parseTarget('shop:site.app', folder), module('shop', 'site.app'));
  assert.deepEqual(parseTarget('shop:create_app()', folder), module('shop', 'create_app()'));
  // A directory that is a package is a module; with a slash it is a directory.
  assert.deepEqual(parseTarget('package', folder), module('package', null));
  assert.deepEqual(parseTarget('./package', folder), { kind: 'directory', path: join(folder, 'package') });
});

test('what is none of these is refused', (t) => {
  const folder = makeFolder(t, { 'vivarium.toml': '' });
  const mistake = (text: string) => {
    const parsed = parseTarget(text, folder);
    return parsed.kind === 'mistake' ? parsed.mistake : parsed.kind;
  };
  const allowed =
    'allowed: a directory, a file, package.module, package.module:callable or package.module:factory()';
  assert.equal(mistake('wsgy.py'), `found "wsgy.py"; there is no file ${folder}/wsgy.py; ${allowed}`);
  assert.equal(mistake('a/b.py:app'), `found "a/b.py:app"; there is no file a/b.py; ${allowed}`);
  assert.equal(mistake('no-module'), `found "no-module", which is none of these; ${allowed}`);
  assert.equal(
    mistake('shop:create_app(1)'),
    `found "shop:create_app(1)", which is none of these; ${allowed}`,
  );
  assert.equal(
    mistake('vivarium.toml'),
    `found "${folder}/vivarium.toml", which is no Python file; use --config for a configuration file`,
  );
});

test('names for people', () => {
  const module = { kind: 'module', module: 'shop.wsgi', callable: 'app' } as const;
  const script = { kind: 'script', path: '/srv/store/wsgi.py', callable: null } as const;
  assert.equal(formatTarget(module), 'shop.wsgi:app');
  assert.equal(formatTarget(script), '/srv/store/wsgi.py');
  assert.equal(applicationName(module), 'shop');
  assert.equal(applicationName(script), 'store');
  assert.equal(applicationName({ ...script, path: '/wsgi.py' }), 'wsgi');
});
