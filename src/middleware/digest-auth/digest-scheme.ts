/**
 * Digest authentication (RFC 7616) with qop=auth, for whoever knows the hashes: what a client is asked, whether its
 * answer is right, and what it is told back. A client shows that it knows the password without sending it, once for each
 * request: method, address, nonce and count are part of what it signs.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type DigestAlgorithm, digestOf } from '../../base/passwords/htdigest.ts';
import type { Bytes, Exchange, FieldList, Request } from '../../exchange.ts';
import { FilteredExchange } from '../../filtered-exchange.ts';
import { authorizationOf } from '../sign-in/credentials.ts';
import { type DigestAuthorization, parseDigestAuthorization } from './authorization.ts';
import { Nonces } from './nonces.ts';

export interface DigestSchemeSettings {
  readonly realm: string;
  readonly nonceLifetimeMs: number;
  /** Clients may send a hash of their name. */
  readonly hashesUsers: boolean;
}

const ORIGIN = /^https?:\/\/[^/?]+/i;

export class DigestScheme {
  /** Latin-1. */
  readonly realm: string;
  readonly #nonces: Nonces;
  readonly #opaque: string;
  readonly #hashesUsers: boolean;
  /** That have used their nonce: after an internal redirect they come again. */
  readonly #known = new WeakSet<Request>();

  /** `key`: of this gateway. */
  constructor({ realm, nonceLifetimeMs, hashesUsers }: DigestSchemeSettings, key: Buffer) {
    this.realm = Buffer.from(realm, 'utf8').latin1Slice();
    this.#nonces = new Nonces({ realm: this.realm, lifetimeMs: nonceLifetimeMs }, key);
    this.#opaque = createHmac('sha256', key).update('digest opaque').digest('base64url').slice(0, 22);
    this.#hashesUsers = hashesUsers;
  }

  /** Null: the client has not answered, or has answered another question. */
  read({ request }: Exchange): DigestAuthorization | null {
    const value = authorizationOf(request.fields);
    const authorization = value === null ? null : parseDigestAuthorization(value);
    return authorization?.realm === this.realm ? authorization : null;
  }

  /** `isStale`: the password was right, only the nonce is not good any more; nobody needs to be asked for it again. */
  challenge(algorithms: Iterable<DigestAlgorithm>, isStale: boolean): FieldList {
    const fields = ['Cache-Control', 'no-store'];
    const nonce = this.#nonces.make(Date.now());
    for (const algorithm of algorithms) {
      const parts = [
        `realm="${this.realm}"`,
        `nonce="${nonce}"`,
        `opaque="${this.#opaque}"`,
        `algorithm=${algorithm}`,
      ];
      parts.push('qop="auth"', 'charset=UTF-8');
      if (this.#hashesUsers) parts.push('userhash=true');
      if (isStale) parts.push('stale=true');
      fields.push('WWW-Authenticate', `Digest ${parts.join(', ')}`);
    }
    return fields;
  }

  /** What was signed is this request, and no other one. */
  isOf({ target }: Request, { uri }: DigestAuthorization): boolean {
    return uri === target || uri === target.replace(ORIGIN, '');
  }

  /** `hash`: of user, realm and password. */
  isRight(
    { method }: Request,
    given: DigestAuthorization,
    algorithm: DigestAlgorithm,
    hash: string,
  ): boolean {
    const right = signature(given, algorithm, hash, method);
    return (
      right.length === given.response.length &&
      timingSafeEqual(Buffer.from(right), Buffer.from(given.response))
    );
  }

  /** Only for an answer that is right. False: the nonce is not good any more, or the request was here before. */
  use(request: Request, { nonce, count, opaque }: DigestAuthorization): boolean {
    if (this.#known.has(request)) return true;
    const isGood = opaque === this.#opaque && this.#nonces.use(nonce, Number.parseInt(count, 16), Date.now());
    if (isGood) this.#known.add(request);
    return isGood;
  }

  /** The client learns that we know its password, too, and when it should take another nonce. */
  confirm(
    exchange: Exchange,
    given: DigestAuthorization,
    algorithm: DigestAlgorithm,
    hash: string,
  ): Exchange {
    const { clientNonce, count, nonce } = given;
    const now = Date.now();
    const parts = [
      `rspauth="${signature(given, algorithm, hash, '')}"`,
      `cnonce="${clientNonce}"`,
      `nc=${count}`,
    ];
    parts.push('qop=auth');
    if (this.#nonces.isOld(nonce, now)) parts.push(`nextnonce="${this.#nonces.make(now)}"`);
    return new Confirmed(exchange, ['Authentication-Info', parts.join(', ')]);
  }
}

/** RFC 7616, sections 3.4.1 and 3.5. `method`: '' for what the server sends back. */
function signature(
  given: DigestAuthorization,
  algorithm: DigestAlgorithm,
  hash: string,
  method: string,
): string {
  const { nonce, count, clientNonce, uri } = given;
  const request = digestOf(algorithm, `${method}:${uri}`);
  return digestOf(algorithm, `${hash}:${nonce}:${count}:${clientNonce}:auth:${request}`);
}

class Confirmed extends FilteredExchange {
  readonly #added: FieldList;

  constructor(inner: Exchange, added: FieldList) {
    super(inner);
    this.#added = added;
  }

  override respond(status: number, fields: FieldList, body: Bytes, reason?: string): void {
    this.inner.respond(status, [...fields, ...this.#added], body, reason);
  }

  override start(status: number, fields: FieldList, reason?: string): void {
    this.inner.start(status, [...fields, ...this.#added], reason);
  }

  protected override get passesBodies(): boolean {
    return true;
  }
}
