import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import { makeFolder } from '../../../test/support/folder.ts';
import { signLink } from '../../base/signed-link.ts';
import { createLog } from '../../telemetry/log.ts';
import { signedLinks } from './signed-links.ts';

const SECRET = '0123456789abcdef';

test('good links are served, others refused, and those that have expired are gone', (t) => {
  const secretFile = path.join(makeFolder(t, { secret: SECRET }), 'secret');
  const log = createLog('test', 'error', () => {});
  const handle = signedLinks(
    { secretFile, place: 'x' },
    { log },
  )((exchange) => exchange.respond(200, [], ''));
  const statusOf = (target: string) => {
    const exchange = new FakeExchange({ target });
    handle(exchange);
    return exchange.status;
  };
  assert.equal(statusOf(signLink('/a?b=c', SECRET, Date.now() + 60_000)), 200);
  assert.equal(statusOf(signLink('/a?b=c', SECRET, Date.now() - 60_000)), 410);
  assert.equal(statusOf(signLink('/a', 'another secret, as long', null)), 403);
  assert.equal(statusOf('/a'), 403);
});
