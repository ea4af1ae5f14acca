import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentType } from './content-types.ts';

test('the extension decides, text is UTF-8, and the unknown is bytes', () => {
  const cases: Record<string, string> = {
    '/srv/index.html': 'text/html; charset=utf-8',
    '/srv/APP.JS': 'text/javascript; charset=utf-8',
    '/srv/app.js.map': 'application/json',
    '/srv/a.tar.gz': 'application/gzip',
    '/srv/x.svg': 'image/svg+xml',
    '/srv/font.woff2': 'font/woff2',
    '/srv/README': 'application/octet-stream',
    '/srv/x.constructor': 'application/octet-stream',
    '/srv/v1.css/README': 'application/octet-stream',
    '/srv/dot.': 'application/octet-stream',
  };
  for (const [name, type] of Object.entries(cases)) assert.equal(contentType(name), type, name);
});
