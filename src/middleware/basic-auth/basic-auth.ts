/** basic-auth: a user name and a password from an htpasswd file (RFC 7617). */
import { clientKey } from '../../base/client-key.ts';
import type { BasicAuthSettings } from '../../config/sections/basic-auth.ts';
import type { Exchange, FieldList } from '../../exchange.ts';
import type { Handler, Middleware } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import { RefusalReport } from '../refusal-report.ts';
import { authorizationOf, type Credentials, parseCredentials } from '../sign-in/credentials.ts';
import { identify } from '../sign-in/identify.ts';
import { compileRequirements, type Requirement } from '../sign-in/requirement.ts';
import { KnownCredentials } from './known-credentials.ts';
import type { PasswordChecks } from './password-checks.ts';
import { openUserFiles, type UserFiles } from './user-files.ts';

export interface BasicAuthTools {
  readonly log: Log;
  readonly passwordChecks: PasswordChecks;
}

const NOT_STORED: FieldList = ['Cache-Control', 'no-store'];

/** Throws when a file cannot be read. */
export function basicAuth(settings: BasicAuthSettings, tools: BasicAuthTools): Middleware {
  const gate = new Gate(settings, tools);
  return (next) => (exchange) => gate.pass(exchange, next);
}

class Gate {
  readonly #settings: BasicAuthSettings;
  readonly #checks: PasswordChecks;
  readonly #files: UserFiles;
  readonly #requirement: Requirement;
  readonly #report: RefusalReport;
  readonly #known = new KnownCredentials();
  /** Who waits for a check, by the digest of what is checked: a browser sends several requests at once. */
  readonly #waiting = new Map<string, ((accepted: boolean) => void)[]>();
  readonly #challenge: FieldList;

  constructor(settings: BasicAuthSettings, { log, passwordChecks }: BasicAuthTools) {
    this.#settings = settings;
    this.#checks = passwordChecks;
    this.#files = openUserFiles(settings, log);
    this.#requirement = compileRequirements(settings.requirements);
    this.#report = new RefusalReport((what) => log.warn('sign-in-failed', `${settings.place}: ${what}`));
    const realm = Buffer.from(settings.realm, 'utf8').latin1Slice();
    this.#challenge = [...NOT_STORED, 'WWW-Authenticate', `Basic realm="${realm}", charset="UTF-8"`];
  }

  pass(exchange: Exchange, next: Handler): void {
    const authorization = authorizationOf(exchange.request.fields);
    const credentials = authorization === null ? null : parseCredentials(authorization);
    if (credentials === null) return this.#ask(exchange);
    const digest = this.#known.digest(authorization!);
    const hash = this.#files.hashOf(credentials.user);
    if (hash !== null && this.#known.has(digest, hash, performance.now()))
      return this.#admit(exchange, credentials.user, next);
    this.#check(exchange, digest, credentials, hash, next);
  }

  #check(
    exchange: Exchange,
    digest: string,
    { user, password }: Credentials,
    hash: string | null,
    next: Handler,
  ): void {
    let isGone = false;
    exchange.onGone = () => {
      isGone = true;
    };
    const conclude = (accepted: boolean) => {
      if (isGone) return;
      exchange.onGone = null;
      if (accepted) return this.#admit(exchange, user, next);
      this.#report.add('refused', user);
      this.#ask(exchange);
    };
    const others = this.#waiting.get(digest);
    if (others !== undefined) return void others.push(conclude);
    const finish = (accepted: boolean) => {
      const isRight = accepted && hash !== null;
      if (isRight) this.#known.add(digest, hash, performance.now());
      const all = this.#waiting.get(digest)!;
      this.#waiting.delete(digest);
      for (const one of all) one(isRight);
    };
    const client = clientKey(exchange.request.remoteAddress);
    if (!this.#checks.check(hash ?? this.#files.decoy, password, client, finish))
      return this.#turnAway(exchange, user);
    this.#waiting.set(digest, [conclude]);
  }

  #admit(exchange: Exchange, user: string, next: Handler): void {
    // As Apache does: who is not the right one may try to be another one.
    if (!this.#requirement(user, (group) => this.#files.isMember(user, group))) {
      this.#report.add('not allowed', user);
      return this.#ask(exchange);
    }
    next(identify(exchange, user, 'Basic', this.#settings.passAuthorization));
  }

  #ask(exchange: Exchange): void {
    exchange.abort(401, 'Sign in to see this.', this.#challenge);
  }

  #turnAway(exchange: Exchange, user: string): void {
    this.#report.add('turned away', user);
    exchange.abort(503, 'Too many are signing in.', [...NOT_STORED, 'Retry-After', '1']);
  }
}
