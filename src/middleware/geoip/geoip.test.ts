import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import { makeFolder } from '../../../test/support/folder.ts';
import { geoipDatabase } from '../../../test/support/geoip-database.ts';
import { createLog } from '../../telemetry/log.ts';
import { Database } from './database.ts';
import { geoip } from './geoip.ts';

const LOG = createLog('test', 'debug', () => {});

const CITIES = {
  '192.0.2.0/24': {
    continent: { code: 'EU' },
    country: { iso_code: 'DE', names: { en: 'Germany' } },
    subdivisions: [{ iso_code: 'BY', names: { en: 'Bavaria' } }],
    city: { names: { en: 'Nürnberg' } },
    location: { latitude: 49.45, longitude: 11, time_zone: 'Europe/Berlin' },
  },
  '2001:db8::/32': { country: { iso_code: 'FR' } },
};

function variables(databases: string[], remoteAddress: string): Record<string, string> {
  const exchange = new FakeExchange({ remoteAddress });
  exchange.environ = ['A', 'b'];
  geoip({ databases }, LOG)(() => {})(exchange);
  const { environ } = exchange;
  return Object.fromEntries(environ.flatMap((name, i) => (i % 2 === 0 ? [[name, environ[i + 1]!]] : [])));
}

test('what the databases know is told, and nothing else', (t) => {
  const folder = makeFolder(t);
  writeFileSync(`${folder}/city.mmdb`, geoipDatabase(CITIES));
  writeFileSync(
    `${folder}/asn.mmdb`,
    geoipDatabase({
      '192.0.2.0/25': { autonomous_system_number: 64500, autonomous_system_organization: 'Ex' },
    }),
  );
  const files = [`${folder}/city.mmdb`, `${folder}/asn.mmdb`];
  assert.deepEqual(variables(files, '192.0.2.7'), {
    A: 'b',
    GEOIP_CONTINENT_CODE: 'EU',
    GEOIP_COUNTRY_CODE: 'DE',
    GEOIP_COUNTRY_NAME: 'Germany',
    GEOIP_REGION: 'BY',
    GEOIP_REGION_NAME: 'Bavaria',
    GEOIP_CITY: Buffer.from('Nürnberg').latin1Slice(),
    GEOIP_LATITUDE: '49.45',
    GEOIP_LONGITUDE: '11',
    GEOIP_TIME_ZONE: 'Europe/Berlin',
    GEOIP_ASN: '64500',
    GEOIP_ORGANIZATION: 'Ex',
  });
  assert.deepEqual(variables(files, '2001:db8::1'), { A: 'b', GEOIP_COUNTRY_CODE: 'FR' });
  for (const address of ['198.51.100.1', '2001:db9::1', '', 'nonsense'])
    assert.deepEqual(variables(files, address), { A: 'b' }, address);
});

test('a changed file is read, a broken one is not', async (t) => {
  const folder = makeFolder(t);
  const file = `${folder}/a.mmdb`;
  let mtime = 1_700_000_000;
  const write = (bytes: Buffer) => {
    writeFileSync(file, bytes);
    utimesSync(file, ++mtime, mtime);
  };
  write(geoipDatabase({ '192.0.2.0/24': { name: 'one' } }));
  const said: string[] = [];
  const log = createLog('test', 'debug', (line) => said.push(line));
  const database = new Database(file, (record) => (record as { name: string }).name, '', log);
  const check = () => new Promise<void>((resolve) => database.check(resolve));
  assert.equal(database.find('192.0.2.1'), 'one');
  await check();
  assert.deepEqual(said, []);
  write(geoipDatabase({ '192.0.2.0/24': { name: 'two' } }));
  await check();
  assert.equal(database.find('192.0.2.1'), 'two');
  write(Buffer.from('nonsense'));
  await check();
  assert.equal(database.find('192.0.2.1'), 'two');
  assert.equal(said.length, 2);
  assert.match(said[0]!, /geoip-read: .*a\.mmdb has changed and was read/);
  assert.match(said[1]!, /geoip-not-read: .*a\.mmdb: .*What was read before stays in use/);
});

test('a file that is no database is an error from the start', (t) => {
  const folder = makeFolder(t, { 'a.mmdb': 'nonsense' });
  assert.throws(
    () => geoip({ databases: [`${folder}/a.mmdb`] }, LOG),
    /cannot read the geoip database .*a\.mmdb: /,
  );
});
