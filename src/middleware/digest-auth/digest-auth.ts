/** digest-auth: a user name and a password from an htdigest file, which the client does not send (RFC 7616). */
import type { FollowedFile } from '../../base/followed-file.ts';
import {
  DIGEST_ALGORITHMS,
  type DigestAlgorithm,
  digestOf,
  parseRealmHashes,
  type RealmHashes,
} from '../../base/passwords/htdigest.ts';
import type { DigestAuthSettings } from '../../config/sections/digest-auth.ts';
import type { Exchange } from '../../exchange.ts';
import type { Handler, Middleware } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import { RefusalReport } from '../refusal-report.ts';
import { identify } from '../sign-in/identify.ts';
import { compileRequirements, type Requirement } from '../sign-in/requirement.ts';
import { followGroups, followUserFile } from '../sign-in/user-file.ts';
import type { DigestAuthorization } from './authorization.ts';
import { DigestScheme } from './digest-scheme.ts';

export interface DigestAuthTools {
  readonly log: Log;
  /** The same for all places of a gateway, so that a client needs one nonce for all of them. */
  readonly nonceKey: Buffer;
}

/** Throws when a file cannot be read. */
export function digestAuth(settings: DigestAuthSettings, tools: DigestAuthTools): Middleware {
  const gate = new Gate(settings, tools);
  return (next) => (exchange) => gate.pass(exchange, next);
}

class Gate {
  readonly #settings: DigestAuthSettings;
  readonly #scheme: DigestScheme;
  readonly #file: FollowedFile<RealmHashes & { readonly users: HashedUsers }>;
  readonly #isMember: (user: string, group: string) => boolean;
  readonly #requirement: Requirement;
  readonly #report: RefusalReport;

  constructor(settings: DigestAuthSettings, { log, nonceKey }: DigestAuthTools) {
    const { file, groupFile, place, hashesUsers } = settings;
    this.#settings = settings;
    this.#scheme = new DigestScheme(settings, nonceKey);
    const { realm } = this.#scheme;
    const parse = (content: Buffer) => {
      const parsed = parseRealmHashes(content, realm);
      return { ...parsed, users: hashesUsers ? hashUsers(parsed, realm) : new Map() };
    };
    this.#file = followUserFile(file, parse, place, log);
    this.#isMember = followGroups(groupFile, place, log);
    this.#requirement = compileRequirements(settings.requirements);
    this.#report = new RefusalReport((what) => log.warn('sign-in-failed', `${place}: ${what}`));
  }

  pass(exchange: Exchange, next: Handler): void {
    // A client signs what it sends, wherever it is led to from there.
    const request = exchange.sent ?? exchange.received ?? exchange.request;
    const given = this.#scheme.read(exchange);
    const algorithm = DIGEST_ALGORITHMS.find((one) => one === given?.algorithm);
    if (given === null || algorithm === undefined) return this.#ask(exchange);
    if (!this.#scheme.isOf(request, given))
      return exchange.abort(400, 'The sign-in was made for another address.');
    const user = this.#userOf(given);
    const hash = user === null ? undefined : this.#file.value.hashes.get(algorithm)?.get(user);
    // Who does not exist takes as long.
    const isRight = this.#scheme.isRight(request, given, algorithm, hash ?? 'nobody');
    if (!isRight || user === null || hash === undefined) {
      this.#report.add('refused', given.user);
      return this.#ask(exchange);
    }
    if (!this.#scheme.use(request, given)) return this.#ask(exchange, true);
    if (!this.#requirement(user, (group) => this.#isMember(user, group))) {
      this.#report.add('not allowed', user);
      return this.#ask(exchange);
    }
    const confirmed = this.#scheme.confirm(exchange, given, algorithm, hash);
    next(identify(confirmed, user, 'Digest', this.#settings.passAuthorization));
  }

  #userOf({ user, isUserHashed }: DigestAuthorization): string | null {
    return isUserHashed ? (this.#file.value.users.get(user.toLowerCase()) ?? null) : user;
  }

  #ask(exchange: Exchange, isStale = false): void {
    const algorithms = [...this.#file.value.hashes.keys()];
    const offered = algorithms.length === 0 ? DIGEST_ALGORITHMS : algorithms;
    exchange.abort(401, 'Sign in to see this.', this.#scheme.challenge(offered, isStale));
  }
}

/** Users by the hash that a client may send in the place of their name. */
type HashedUsers = ReadonlyMap<string, string>;

function hashUsers({ hashes }: RealmHashes, realm: string): HashedUsers {
  const users = [...hashes].flatMap(([algorithm, ofUsers]) =>
    Array.from(ofUsers.keys(), (user): [string, string] => [hashOfUser(user, realm, algorithm), user]),
  );
  return new Map(users);
}

/** RFC 7616, section 3.4.4. */
function hashOfUser(user: string, realm: string, algorithm: DigestAlgorithm): string {
  return digestOf(algorithm, `${user}:${realm}`);
}
