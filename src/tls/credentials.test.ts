import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TlsSettings } from '../config/tls-settings.ts';
import type { TlsMaterial } from '../control/messages.ts';
import type { ClientHello } from './client-hello.ts';
import { Credentials } from './credentials.ts';
import { TicketKeys } from './ticket-keys.ts';

const SETTINGS: TlsSettings = {
  certificates: [],
  acme: null,
  selfSigned: false,
  minVersion: 'TLSv1.2',
  ciphers: 'DEFAULT',
  strictSni: false,
  handshakeTimeoutMs: 1000,
  handshakesMax: 10,
  sessionTimeoutMs: 3600_000,
  clientAuthorities: null,
  clientVerify: 'none',
  clientVerifyUrls: [],
  clientVerifyHosts: null,
  environment: false,
};

function material(changes: Partial<TlsMaterial> = {}): TlsMaterial {
  const certificates = ['a.example', 'b.example'].map((name) => ({
    certificate: `of ${name}`,
    key: '',
    names: [name],
    keyType: 'ec',
  }));
  return {
    certificates,
    ticketKeys: [],
    clientAuthorities: null,
    challenges: { http: {}, alpn: {} },
    ...changes,
  };
}

const hello = (changes: Partial<ClientHello> = {}): ClientHello => ({
  serverName: 'b.example',
  protocols: [],
  ticketKeyNames: [],
  ...changes,
});

test('the same choice is the same object, until the material is new', () => {
  const credentials = new Credentials(SETTINGS, material());
  const first = credentials.choose(hello());
  assert.deepEqual(first!.options.cert, ['of b.example']);
  assert.equal(credentials.choose(hello()), first);
  assert.notEqual(credentials.choose(hello({ serverName: 'a.example' })), first);
  credentials.renew(material());
  assert.notEqual(credentials.choose(hello()), first);
});

test('unknown hosts and none get the first certificate, or are refused', () => {
  for (const serverName of ['other.example', null]) {
    const lax = new Credentials(SETTINGS, material()).choose(hello({ serverName }));
    assert.deepEqual(lax!.options.cert, ['of a.example']);
    const strict = new Credentials({ ...SETTINGS, strictSni: true }, material());
    assert.equal(strict.choose(hello({ serverName })), null);
  }
});

test('a ticket is opened with the key that it was made with, while there is one; new ones get the newest', () => {
  const keys = new TicketKeys();
  const nameOf = (key: string) => Buffer.from(key, 'base64').latin1Slice(0, 16);
  const oldest = nameOf(keys.keys[0]!);
  const credentials = new Credentials(SETTINGS, material({ ticketKeys: keys.keys }));
  const keyFor = (ticketKeyNames: string[]) => {
    const { ticketKeys } = credentials.choose(hello({ ticketKeyNames }))!.options;
    return ticketKeys!.latin1Slice(0, 16);
  };
  for (let rotation = 1; rotation <= 2; rotation++) {
    keys.rotate();
    credentials.renew(material({ ticketKeys: keys.keys }));
    assert.equal(keyFor([oldest]), oldest);
    assert.equal(keyFor([]), nameOf(keys.keys[0]!));
  }
  keys.rotate();
  credentials.renew(material({ ticketKeys: keys.keys }));
  assert.equal(keyFor([oldest]), nameOf(keys.keys[0]!));
});

test('a session of one certificate, or of other authorities, is none for another', () => {
  const contextOf = (settings: TlsSettings, changes: Partial<TlsMaterial>, serverName: string) =>
    new Credentials(settings, material(changes)).choose(hello({ serverName }))!.options.sessionIdContext;
  const verifying = { ...SETTINGS, clientVerify: 'required' } as const;
  const contexts = [
    contextOf(SETTINGS, {}, 'a.example'),
    contextOf(SETTINGS, {}, 'b.example'),
    contextOf(verifying, { clientAuthorities: 'x' }, 'a.example'),
    contextOf(verifying, { clientAuthorities: 'y' }, 'a.example'),
  ];
  assert.equal(new Set(contexts).size, 4);
  assert.ok(contexts.every((context) => context!.length <= 32));
});

test('a challenge is shown to those alone who ask for it', () => {
  const alpn = { 'b.example': { certificate: 'proof', key: '' } };
  const challenges = { http: { token: 'answer' }, alpn };
  const credentials = new Credentials(SETTINGS, material({ challenges }));
  const acme = { protocols: ['acme-tls/1'] };
  assert.equal(credentials.choose(hello(acme))!.options.cert, 'proof');
  assert.equal(credentials.choose(hello({ ...acme, serverName: 'a.example' })), null);
  assert.deepEqual(credentials.choose(hello())!.options.cert, ['of b.example']);
  assert.deepEqual(
    ['token', 'other', 'constructor'].map((token) => credentials.httpChallenge(token)),
    ['answer', null, null],
  );
});

test('only clients of some hosts are asked for a certificate', () => {
  const settings = {
    ...SETTINGS,
    clientVerify: 'optional',
    clientVerifyHosts: ['b.example', '*.c.example'],
  } as const;
  const credentials = new Credentials(settings, material({ clientAuthorities: 'x' }));
  const isAsked = (serverName: string | null) =>
    credentials.choose(hello({ serverName }))!.options.requestCert;
  assert.deepEqual(['a.example', 'b.example', 'x.c.example', 'c.example', 'xc.example', null].map(isAsked), [
    false,
    true,
    true,
    false,
    false,
    true,
  ]);
  const session = (serverName: string) => credentials.choose(hello({ serverName }))!.options.sessionIdContext;
  // Both get the first certificate, and a session of one must not pass for one of the other.
  assert.notEqual(session('other.example'), session('x.c.example'));
});
