import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../../test/support/folder.ts';
import type { Configuration } from '../config/configuration.ts';
import { createLog } from '../telemetry/log.ts';
import { composeSite } from './site.ts';

test('an access log that cannot be opened is named, with the user who tried', (t) => {
  // A directory has the name of the file.
  const directory = makeFolder(t, { 'access_log/file': '' });
  const logs = { level: 'info', directory, accessLog: true, accessLogFormat: 'combined', accessLogs: [] };
  const configuration = { logs, features: {}, sites: [] } as unknown as Configuration;
  const log = createLog('test', 'info', () => {});
  assert.throws(
    () =>
      composeSite(
        configuration,
        { features: { features: [], answers: [] }, ProxyUpstreams: null },
        () => null,
        null,
        (next) => next,
        log,
      ),
    (error: Error) => {
      assert.ok(error.message.startsWith(`cannot open the access log as uid ${process.getuid!()}: EISDIR`));
      assert.ok(error.message.includes(join(directory, 'access_log')));
      return true;
    },
  );
});
