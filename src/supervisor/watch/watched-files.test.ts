import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApplicationSettings, Configuration } from '../../config/configuration.ts';
import { concernedBy, watchedFiles } from './watched-files.ts';

function application(name: string, change: Partial<ApplicationSettings> = {}): ApplicationSettings {
  return {
    name,
    target: { kind: 'script', path: `/srv/${name}.py`, callable: null },
    followsScript: true,
    touchFiles: [],
    development: { reloadOnChanges: false },
    ...change,
  } as unknown as ApplicationSettings;
}

function configuration(...applications: ApplicationSettings[]): Configuration {
  return { touchFiles: ['/srv/touch'], applications } as unknown as Configuration;
}

test('scripts, and files that are touched for all or for one', () => {
  const watched = watchedFiles(
    configuration(
      application('shop', { touchFiles: ['/srv/touch-shop'] }),
      application('blog', { followsScript: false }),
      application('dev', { development: { reloadOnChanges: true } as ApplicationSettings['development'] }),
      application('mod', { target: { kind: 'module', module: 'mod', callable: null } }),
    ),
  );
  assert.deepEqual(watched, ['/srv/touch', '/srv/shop.py', '/srv/touch-shop']);
});

test('a change is for the application whose file it is; of the only one, for the settings, too', () => {
  const two = configuration(application('shop', { touchFiles: ['/srv/x'] }), application('blog'));
  assert.deepEqual(concernedBy(['/srv/x'], two), ['shop']);
  assert.deepEqual(concernedBy(['/srv/blog.py', '/srv/shop.py'], two), ['shop', 'blog']);
  assert.equal(concernedBy(['/srv/blog.py', '/srv/touch'], two), null);
  assert.equal(concernedBy(['/srv/shop.py'], configuration(application('shop'))), null);
});
