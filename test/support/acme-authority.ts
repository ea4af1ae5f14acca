/**
 * An authority that speaks ACME (RFC 8555), for tests: it checks signatures and nonces, and that a host is really served by
 * who asks for it, over HTTP-01 and TLS-ALPN-01; every host is at 127.0.0.1. Certificates are signed by openssl.
 */
import { createHash, createPublicKey, randomBytes, verify, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { openssl } from './certificates.ts';

export interface Authority {
  readonly directory: string;
  /** File of the certificate of its own HTTPS server. */
  readonly caFile: string;
  /** Which challenges were checked: `http-01 a.example`. */
  readonly checks: string[];
  close(): void;
}

/** RFC 7517, of a P-256 key. */
type Jwk = Record<'crv' | 'kty' | 'x' | 'y', string>;

interface Order {
  readonly name: string;
  readonly token: string;
  state: 'pending' | 'ready' | 'valid' | 'invalid';
  why: string;
  certificate: string;
}

/** Where the hosts are to be found. */
interface Ports {
  readonly http: number;
  readonly tls: number;
}

interface Message {
  readonly header: { nonce: string; url: string; kid?: string; jwk?: Jwk };
  readonly payload: Record<string, unknown>;
  readonly key: Jwk;
}

class Refused extends Error {
  readonly type: string;
  constructor(type: string, detail: string) {
    super(detail);
    this.type = type;
  }
}

/** Ports are looked up when a challenge is checked. Every third nonce is refused, as large authorities do at times. */
export async function startAuthority(folder: string, ports: () => Ports): Promise<Authority> {
  const ca = { certificate: `${folder}/ca.crt`, key: `${folder}/ca.key` };
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const out = ['-keyout', ca.key, '-out', ca.certificate];
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...out);
  const authority = new TestAuthority(folder, ca, ports);
  const options = { cert: readFileSync(ca.certificate), key: readFileSync(ca.key) };
  const server = createServer(options, (request, response) => void authority.handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  authority.origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  return {
    directory: `${authority.origin}/directory`,
    caFile: ca.certificate,
    checks: authority.checks,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

class TestAuthority {
  origin = '';
  readonly checks: string[] = [];
  readonly #folder: string;
  readonly #ca: { readonly certificate: string; readonly key: string };
  readonly #ports: () => Ports;
  readonly #nonces = new Set<string>();
  readonly #accounts: Jwk[] = [];
  readonly #orders: Order[] = [];
  #posts = 0;

  constructor(folder: string, ca: { certificate: string; key: string }, ports: () => Ports) {
    this.#folder = folder;
    this.#ca = ca;
    this.#ports = ports;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const nonce = randomBytes(12).toString('base64url');
    this.#nonces.add(nonce);
    response.setHeader('Replay-Nonce', nonce);
    response.setHeader('Retry-After', '0.05');
    let text = '';
    for await (const block of request.setEncoding('utf8')) text += block;
    try {
      const [body, location] = await this.#answer(request, text);
      if (location !== undefined) response.setHeader('Location', this.origin + location);
      response.statusCode = location === undefined ? 200 : 201;
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      response.statusCode = 400;
      response.end(
        JSON.stringify({ type: `urn:ietf:params:acme:error:${error.type}`, detail: error.message }),
      );
    }
  }

  async #answer(request: IncomingMessage, text: string): Promise<[unknown, string?]> {
    const [, what, id] = /^\/([a-z0-9-]+)(?:\/(\d+))?$/.exec(request.url!)!;
    if (what === 'directory') return [this.#directory()];
    if (what === 'new-nonce') return [''];
    const message = this.#open(request, text);
    if (what === 'new-account') return [{}, `/account/${this.#accounts.push(message.key) - 1}`];
    if (what === 'new-order') return this.#newOrder(message.payload);
    const order = this.#orders[Number(id)]!;
    switch (what) {
      case 'authorization':
        return [this.#authorization(order, id!)];
      case 'http-01':
      case 'tls-alpn-01':
        await this.#check(what, order, message.key);
        return [{}];
      case 'finalize':
        this.#issue(order, String(message.payload.csr));
        return [this.#view(order, id!)];
      case 'certificate':
        return [order.certificate];
      default:
        return [this.#view(order, id!)];
    }
  }

  #directory() {
    const urls = ['nonce', 'account', 'order'].map((what) => [
      `new${what[0]!.toUpperCase()}${what.slice(1)}`,
      `${this.origin}/new-${what}`,
    ]);
    return Object.fromEntries(urls);
  }

  /** A signed request: RFC 8555, sections 6.2 to 6.5. */
  #open(request: IncomingMessage, text: string): Message {
    const signed = JSON.parse(text) as Record<'protected' | 'payload' | 'signature', string>;
    const decoded = (part: string) => Buffer.from(part, 'base64url').toString();
    const header = JSON.parse(decoded(signed.protected)) as Message['header'];
    const kid = /\/account\/(\d+)$/.exec(header.kid ?? '')?.[1];
    const key = header.jwk ?? this.#accounts[Number(kid)];
    if (key === undefined) throw new Refused('accountDoesNotExist', 'no such account');
    if (header.url !== this.origin + request.url) throw new Refused('unauthorized', 'another URL is signed');
    const isKnown = this.#nonces.delete(header.nonce);
    if (!isKnown || ++this.#posts % 3 === 0) throw new Refused('badNonce', 'the nonce is none of ours');
    const input = Buffer.from(`${signed.protected}.${signed.payload}`);
    const signature = Buffer.from(signed.signature, 'base64url');
    const publicKey = createPublicKey({ key, format: 'jwk' });
    if (!verify('sha256', input, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature))
      throw new Refused('malformed', 'the signature is wrong');
    const payload = signed.payload === '' ? {} : JSON.parse(decoded(signed.payload));
    return { header, payload, key };
  }

  #newOrder(payload: Record<string, unknown>): [unknown, string] {
    const [{ value }] = payload.identifiers as [{ value: string }];
    if (value.startsWith('refused.')) throw new Refused('rejectedIdentifier', `${value} is not served here`);
    const token = randomBytes(24).toString('base64url');
    const order: Order = { name: value, token, state: 'pending', why: '', certificate: '' };
    const id = this.#orders.push(order) - 1;
    return [this.#view(order, String(id)), `/order/${id}`];
  }

  #view({ state }: Order, id: string) {
    return {
      status: state,
      authorizations: [`${this.origin}/authorization/${id}`],
      finalize: `${this.origin}/finalize/${id}`,
      certificate: `${this.origin}/certificate/${id}`,
    };
  }

  #authorization({ state, token, why }: Order, id: string) {
    const error = why === '' ? {} : { error: { type: 'unauthorized', detail: why } };
    const challenges = ['http-01', 'tls-alpn-01'].map((type) => ({
      type,
      token,
      url: `${this.origin}/${type}/${id}`,
      ...error,
    }));
    return { status: state === 'ready' ? 'valid' : state, challenges };
  }

  async #check(type: 'http-01' | 'tls-alpn-01', order: Order, { crv, kty, x, y }: Jwk): Promise<void> {
    const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
    const expected = `${order.token}.${thumbprint}`;
    this.checks.push(`${type} ${order.name}`);
    const why = await (type === 'http-01'
      ? checkHttp(this.#ports().http, order, expected)
      : checkTlsAlpn(this.#ports().tls, order, expected));
    order.state = why === null ? 'ready' : 'invalid';
    order.why = why ?? '';
  }

  #issue(order: Order, csr: string): void {
    const [request, certificate] = [`${this.#folder}/request.der`, `${this.#folder}/issued.crt`];
    writeFileSync(request, Buffer.from(csr, 'base64url'));
    const by = ['-CA', this.#ca.certificate, '-CAkey', this.#ca.key, '-copy_extensions', 'copy'];
    openssl('x509', '-req', '-inform', 'DER', '-in', request, '-days', '90', ...by, '-out', certificate);
    order.certificate = readFileSync(certificate, 'utf8');
    order.state = 'valid';
  }
}

async function checkHttp(port: number, { name, token }: Order, expected: string): Promise<string | null> {
  const path = `/.well-known/acme-challenge/${token}`;
  const request = get({ host: '127.0.0.1', port, path, headers: { host: name }, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const block of response.setEncoding('utf8')) text += block;
  return text === expected ? null : `${path} says ${response.statusCode} ${text.slice(0, 100)}`;
}

/** RFC 8737: the certificate for acme-tls/1 is for the host, and has the digest in an extension. */
async function checkTlsAlpn(port: number, { name }: Order, expected: string): Promise<string | null> {
  const options = { host: '127.0.0.1', port, servername: name, ALPNProtocols: ['acme-tls/1'] };
  const socket = connect({ ...options, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    const raw = socket.getPeerX509Certificate()!.raw;
    const certificate = new X509Certificate(raw);
    const digest = createHash('sha256').update(expected).digest();
    const isRight = raw.includes(Buffer.concat([Buffer.from([0x04, 0x20]), digest]));
    if (socket.alpnProtocol !== 'acme-tls/1') return 'acme-tls/1 is not spoken';
    return isRight && certificate.checkHost(name) === name ? null : 'another certificate';
  } catch (error) {
    return (error as Error).message;
  } finally {
    socket.destroy();
  }
}
