import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../../test/support/fake-terminal.ts';
import { makeFolder } from '../../test/support/folder.ts';
import { readSection } from './read-section.ts';
import { namedBy, nested, section } from './section.ts';
import { list, map, one } from './setting.ts';
import { readConfigurationFile } from './sources/file.ts';
import { count, onOff, path, seconds, text } from './value-types.ts';

const inner = section({
  help: 'a switch with a size',
  isSwitch: true,
  parts: { size: one(count(1, 9), { default: 3, help: 'how much' }) },
  build: ({ size }) => ({ size }),
});

const outer = section({
  help: 'everything that there is',
  short: 'name',
  required: ['name'],
  parts: {
    name: one(text('NAME'), { default: null, help: 'a name' }),
    wait: one(seconds(), { default: 1, help: 'a time' }),
    files: list(path('FILE'), { help: 'files' }),
    sizes: map(text('KEY'), count(0, 9), { help: 'sizes' }),
    quiet: one(onOff, { default: false, help: 'say nothing' }),
    inner: nested(inner),
  },
  build: (values, place) => {
    if (values.name === 'bad') place.refuse('name', '"bad"', 'a good one');
    return values;
  },
});

function read(raw: unknown) {
  const mistakes: string[] = [];
  const spot = { file: 'x.toml', directory: '/srv', path: ['a', '#1'], lineOf: () => 7 };
  return { value: readSection(outer, raw, spot, mistakes), mistakes };
}

test('what is not given has its default, paths are made absolute, one value of a list needs no brackets', () => {
  const { value, mistakes } = read({ name: 'n', wait: '2m', files: 'f', sizes: { k: 1 } });
  assert.deepEqual(mistakes, []);
  const expected = { name: 'n', wait: 120, files: ['/srv/f'], sizes: { k: 1 }, quiet: false, inner: null };
  assert.deepEqual(value, expected);
});

test('a section may be written short', () => {
  assert.equal(read('n').value?.name, 'n');
  assert.deepEqual(read({ name: 'n', inner: true }).value?.inner, { size: 3 });
  assert.equal(read({ name: 'n', inner: false }).value?.inner, null);
});

test('all mistakes are told at once, each with its place', () => {
  const { value, mistakes } = read({ wait: '1d', fils: [], sizes: { 'a b': 99 }, inner: 'on', quiet: 'no' });
  assert.equal(value, undefined);
  assert.deepEqual(mistakes, [
    'x.toml:7: a[1].fils: no such key; did you mean files?',
    'x.toml:7: a[1]: needs name',
    'x.toml:7: a[1].wait: found "1d"; allowed: a time in seconds or with a unit (15, 500ms, 15s, 2m, 1h) from 1ms to 24 days',
    'x.toml:7: a[1].sizes."a b": found 99; allowed: a whole number from 0 to 9',
    'x.toml:7: a[1].quiet: found "no"; allowed: true or false in a file; on, off, true, false, yes, no, 1 or 0 elsewhere',
    'x.toml:7: a[1].inner: found "on"; allowed: true, false or a table',
  ]);
  assert.deepEqual(read(['x']).mistakes, [
    'x.toml:7: a[1].name: found an array; allowed: a text, in quotes in a file',
  ]);
  assert.deepEqual(read({ name: 'bad' }).mistakes, ['x.toml:7: a[1].name: found "bad"; allowed: a good one']);
});

test('tables under names of the user', () => {
  const both = section({ help: 'both', parts: { of: namedBy(inner) }, build: ({ of }) => of });
  const mistakes: string[] = [];
  const spot = { file: 'x.toml', directory: '/srv', path: [], lineOf: () => 7 };
  assert.deepEqual(readSection(both, { of: { a: true, b: { size: 4 } } }, spot, mistakes), {
    a: { size: 3 },
    b: { size: 4 },
  });
  assert.equal(readSection(both, { of: { 'a b': { size: 0 } } }, spot, mistakes), undefined);
  assert.deepEqual(mistakes, ['x.toml:7: of."a b".size: found 0; allowed: a whole number from 1 to 9']);
});

test('mistakes in sites and routes name file, line and key', (t) => {
  const folder = makeFolder(t, {
    'vivarium.toml': `[[sites]]
hosts = ["example.org"]

[[sites]]
hosts = ["a b"]

  [[sites.routes]]
  match = "/ok"
  respond = 204

  [[sites.routes]]
  match = { path = "ok", methods = "GET" }
  [sites.routes.respond]
  status = 99

[[routes]]
match = "~("
application = "a"
respond = { body = "{nothing}" }
`,
  });
  const { mistakes, sections } = readConfigurationFile(join(folder, 'vivarium.toml'), folder);
  assert.deepEqual(
    mistakes.map((mistake) => mistake.replace(/; allowed: .*/, '')),
    [
      'vivarium.toml:17: routes[0].match.path: found "~("',
      'vivarium.toml:19: routes[0].respond.body: found "{nothing}"',
      'vivarium.toml:5: sites[1].hosts: found "a b"',
      'vivarium.toml:12: sites[1].routes[1].match.methods: no such key; did you mean method?',
      'vivarium.toml:12: sites[1].routes[1].match.path: found "ok"',
      'vivarium.toml:14: sites[1].routes[1].respond.status: found 99',
    ],
  );
  assert.deepEqual(sections.sites, []);
});

test('a route has one answer', (t) => {
  const folder = makeFolder(t, { 'vivarium.toml': '[[routes]]\napplication = "a"\nrespond = 204\n' });
  const { mistakes } = readConfigurationFile(join(folder, 'vivarium.toml'), folder);
  assert.deepEqual(mistakes, [
    'vivarium.toml:1: routes[0]: found application and respond; allowed: one answer',
  ]);
});

test('what sections with a mistake would have said is not missed as well', async (t) => {
  const folder = makeFolder(t, {
    'wsgi.py': '',
    'vivarium.toml': 'listen = "https://:0"\n[[certificates]]\nfile = "a"\nkey = 1\n',
  });
  const { told } = await runCommand(['check'], { cwd: folder });
  assert.match(
    told,
    /a mistake .*\n.*vivarium\.toml:4: certificates\[0\]\.key: found 1; allowed: the path of a file\n$/,
  );
});
