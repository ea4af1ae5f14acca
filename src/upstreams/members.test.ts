import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POOL, SILENT_LOG } from '../../test/support/upstream-servers.ts';
import type { MemberSettings } from '../config/sections/upstream.ts';
import { parseUpstreamAddress, SCHEMES } from '../config/upstream-address.ts';
import { GATEWAY_PROTOCOLS } from '../protocols/gateway-protocols.ts';
import { Members, type Resolver, type Service } from './members.ts';

const MEMBER: MemberSettings = {
  host: '',
  port: 80,
  path: null,
  service: null,
  scheme: null,
  isSecure: false,
  weight: 1,
  isBackup: false,
  connectionsMax: 0,
  state: 'up',
};

class Zone implements Resolver {
  names: Record<string, string[]> = {};
  records: Service[] = [];

  async addresses(host: string): Promise<readonly string[]> {
    const found = this.names[host];
    if (found === undefined) throw new Error(`no ${host}`);
    return found;
  }

  async services(): Promise<readonly Service[]> {
    return this.records;
  }
}

function membersOf(zone: Zone, settings: Partial<MemberSettings>[], log = SILENT_LOG): Members {
  const all = settings.map((one) => ({ ...MEMBER, ...one }));
  return new Members('api', all, POOL, null, zone, log);
}

const names = (members: Members) => members.servers().map(({ name }) => name);

test('addresses and sockets need no DNS', () => {
  const members = membersOf(new Zone(), [
    { host: '10.0.0.1' },
    { host: '::1', port: 8080 },
    { path: '/run/a.sock' },
  ]);
  assert.equal(members.areLookedUp, false);
  assert.deepEqual(names(members), ['10.0.0.1:80', '[::1]:8080', 'unix:/run/a.sock']);
});

test('every address of a name is a server, and stays the same one', async () => {
  const zone = new Zone();
  zone.names = { api: ['10.0.0.2', '10.0.0.1'] };
  const members = membersOf(zone, [{ host: 'api', weight: 3 }]);
  assert.deepEqual(names(members), []);
  assert.equal(await members.lookUp(), true);
  const [first] = members.servers();
  assert.deepEqual(names(members), ['10.0.0.1:80', '10.0.0.2:80']);
  assert.equal(first!.weight, 3);
  zone.names = { api: ['10.0.0.1', '10.0.0.2'] };
  assert.equal(await members.lookUp(), false, 'the order says nothing');
  zone.names = { api: ['10.0.0.1', '10.0.0.3'] };
  assert.equal(await members.lookUp(), true);
  assert.deepEqual(names(members), ['10.0.0.1:80', '10.0.0.3:80']);
  assert.equal(members.servers()[0], first);
});

test('a name that cannot be looked up keeps its servers, and is complained of once', async () => {
  const zone = new Zone();
  zone.names = { api: ['10.0.0.1'] };
  const said: string[] = [];
  const log = { ...SILENT_LOG, error: (code: string, text: string) => void said.push(`${code}: ${text}`) };
  const members = membersOf(zone, [{ host: 'api' }], log);
  await members.lookUp();
  for (const names of [{}, {}, { api: [] }]) {
    zone.names = names;
    assert.equal(await members.lookUp(), false);
  }
  assert.deepEqual(names(members), ['10.0.0.1:80']);
  assert.deepEqual(said, [
    'upstream-lookup-failed: upstream api: cannot look up api: no api; it keeps the servers it had',
  ]);
});

test('SRV records say ports and weights; those of other priorities are backups', async () => {
  const zone = new Zone();
  zone.names = { one: ['10.0.0.1'], two: ['10.0.0.2'] };
  zone.records = [
    { name: 'one', port: 8001, priority: 10, weight: 5 },
    { name: 'two', port: 8002, priority: 20, weight: 0 },
  ];
  const members = membersOf(zone, [{ service: '_http._tcp.api' }]);
  await members.lookUp();
  assert.deepEqual(
    members.servers().map(({ name, weight, isBackup }) => ({ name, weight, isBackup })),
    [
      { name: '10.0.0.1:8001', weight: 5, isBackup: false },
      { name: '10.0.0.2:8002', weight: 1, isBackup: true },
    ],
  );
});

test('every protocol that an address can name is one that we speak', () => {
  for (const scheme of SCHEMES) {
    const [server] = membersOf(new Zone(), [parseUpstreamAddress(`${scheme}://192.0.2.1`)!]).servers();
    assert.equal(server!.endpoint.protocol === null, scheme.startsWith('http'), scheme);
  }
  assert.deepEqual(
    SCHEMES.filter((scheme) => !scheme.startsWith('http')).sort(),
    Object.keys(GATEWAY_PROTOCOLS).sort(),
  );
});
