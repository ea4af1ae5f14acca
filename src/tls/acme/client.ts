/**
 * A client of ACME (RFC 8555): from the name of a host to its certificate. One order at a time.
 *
 *   directory → account → order → authorization: a challenge is laid out, and checked by the server → finalize → chain
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { certificateRequest, type SignedKey } from '../x509.ts';
import { type AcmeResponse, askServer } from './exchange.ts';
import type { AccountKey } from './jws.ts';

export type ChallengeType = 'http-01' | 'tls-alpn-01';

export interface Challenge {
  readonly type: ChallengeType;
  readonly name: string;
  readonly token: string;
  readonly keyAuthorization: string;
}

export interface AcmeOptions {
  /** URL of the directory. */
  readonly directory: string;
  /** Authorities for the server itself, as PEM; null: those of the system. */
  readonly ca: string | null;
  readonly contact: readonly string[];
  /** Those that we can meet, best first. */
  readonly challenges: readonly ChallengeType[];
  /** Lays a challenge out, and resolves when clients can see it. */
  readonly present: (challenge: Challenge) => Promise<void>;
  readonly signal: AbortSignal;
}

/** What the server said when it did not do as it was asked. */
export class AcmeError extends Error {
  /** The type of RFC 8555, section 6.7, without its prefix. */
  readonly type: string;

  constructor(what: string, type: string, detail: string) {
    super(`${what}: ${detail}${type === '' ? '' : ` (${type})`}`);
    this.type = type;
  }
}

interface Problem {
  readonly type?: string;
  readonly detail?: string;
  readonly subproblems?: readonly Problem[];
}

interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
}

interface Order {
  readonly status: string;
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate?: string;
  readonly error?: Problem;
}

interface Authorization {
  readonly status: string;
  readonly challenges: readonly { type: string; url: string; token: string; error?: Problem }[];
}

const POLLS_MAX = 60;
const POLL_MS = 1_000;
const POLL_MAX_MS = 30_000;
const NONCE_TRIES = 5;
/** Of challenges: base64url (RFC 8555, section 8.3). It becomes part of a path. */
const TOKEN = /^[\w-]{16,256}$/;

export class AcmeClient {
  readonly #key: AccountKey;
  readonly #options: AcmeOptions;
  #directory: Directory | null = null;
  #account: string | null = null;
  #nonce: string | null = null;

  constructor(key: AccountKey, options: AcmeOptions) {
    this.#key = key;
    this.#options = options;
  }

  /** The chain and its new key. @throws AcmeError, or what the network says */
  async obtain(name: string): Promise<SignedKey> {
    const directory = await this.#openDirectory();
    this.#account ??= await this.#openAccount(directory);
    const identifiers = [{ type: 'dns', value: name }];
    const placed = await this.#post('the order', directory.newOrder, { identifiers });
    const url = location(placed, 'the order');
    const order = parse<Order>(placed);
    for (const authorization of order.authorizations) await this.#authorize(authorization, name);
    const { csr, key } = certificateRequest([name]);
    await this.#post('the order', order.finalize, { csr: csr.toString('base64url') });
    const valid = await this.#poll<Order>('the order', url, ['pending', 'ready', 'processing']);
    if (valid.status !== 'valid' || valid.certificate === undefined) throw refusal('the order', valid.error);
    const { text } = await this.#post('the certificate', valid.certificate, null);
    return { certificate: text, key };
  }

  async #authorize(url: string, name: string): Promise<void> {
    const what = `the proof for ${name}`;
    const authorization = parse<Authorization>(await this.#post(what, url, null));
    if (authorization.status === 'valid') return;
    const { challenges, present } = this.#options;
    const offered = (type: string) => authorization.challenges.find((challenge) => challenge.type === type);
    const type = challenges.find((one) => offered(one) !== undefined);
    if (type === undefined)
      throw new AcmeError(what, '', `the server offers none of ${challenges.join(', ')}`);
    const challenge = offered(type)!;
    if (!TOKEN.test(challenge.token)) throw new AcmeError(what, '', 'the token of the challenge is none');
    const keyAuthorization = this.#key.keyAuthorization(challenge.token);
    await present({ type, name, token: challenge.token, keyAuthorization });
    await this.#post(what, challenge.url, {});
    const checked = await this.#poll<Authorization>(what, url, ['pending', 'processing']);
    const failed = checked.challenges.find(({ error }) => error !== undefined);
    if (checked.status !== 'valid') throw refusal(what, failed?.error);
  }

  /** Asks until the state is no longer one of `waiting`. */
  async #poll<T extends { readonly status: string }>(
    what: string,
    url: string,
    waiting: readonly string[],
  ): Promise<T> {
    for (let n = 0; n < POLLS_MAX; n++) {
      const response = await this.#post(what, url, null);
      const state = parse<T>(response);
      if (!waiting.includes(state.status)) return state;
      const wantedMs = Number(response.header('retry-after')) * 1000 || POLL_MS;
      await sleep(Math.min(wantedMs, POLL_MAX_MS), undefined, { signal: this.#options.signal });
    }
    throw new AcmeError(what, '', 'the server does not come to an end with it');
  }

  async #openDirectory(): Promise<Directory> {
    const { directory, ca } = this.#options;
    this.#directory ??= parse<Directory>(checked('the directory', await askServer(directory, ca, null)));
    return this.#directory;
  }

  /** The one that belongs to the key, or a new one. */
  async #openAccount({ newAccount }: Directory): Promise<string> {
    const payload = { termsOfServiceAgreed: true, contact: this.#options.contact };
    return location(await this.#post('the account', newAccount, payload), 'the account');
  }

  async #post(what: string, url: string, payload: unknown): Promise<AcmeResponse> {
    for (let n = 1; ; n++) {
      this.#options.signal.throwIfAborted();
      const nonce = this.#nonce ?? (await this.#freshNonce());
      const identity = this.#account === null ? { jwk: this.#key.jwk } : { kid: this.#account };
      const body = this.#key.sign({ nonce, url, ...identity }, payload);
      const response = await askServer(url, this.#options.ca, body);
      this.#nonce = response.header('replay-nonce');
      try {
        return checked(what, response);
      } catch (error) {
        // A nonce may have grown old; the answer brings a new one (RFC 8555, section 6.5).
        if (!(error instanceof AcmeError) || error.type !== 'badNonce' || n === NONCE_TRIES) throw error;
      }
    }
  }

  async #freshNonce(): Promise<string> {
    const { newNonce } = await this.#openDirectory();
    const nonce = (await askServer(newNonce, this.#options.ca, null)).header('replay-nonce');
    if (nonce === null) throw new AcmeError('the server', '', 'it gives no nonce');
    return nonce;
  }
}

function checked(what: string, response: AcmeResponse): AcmeResponse {
  if (response.status >= 200 && response.status < 300) return response;
  let problem: Problem = {};
  try {
    problem = JSON.parse(response.text) as Problem;
  } catch {
    // Not in the form of RFC 7807; the status has to do.
  }
  throw refusal(what, { detail: `status ${response.status}`, ...problem });
}

function refusal(what: string, problem: Problem | undefined): AcmeError {
  const type = String(problem?.type ?? '').replace('urn:ietf:params:acme:error:', '');
  const details = [problem, ...(problem?.subproblems ?? [])].flatMap((one) => one?.detail ?? []);
  return new AcmeError(what, type, details.join('; ') || 'the server gives no reason');
}

function location(response: AcmeResponse, what: string): string {
  const url = response.header('location');
  if (url === null) throw new AcmeError(what, '', 'the server does not say where it is');
  return url;
}

function parse<T>({ text }: AcmeResponse): T {
  return JSON.parse(text) as T;
}
