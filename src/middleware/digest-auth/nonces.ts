/**
 * Nonces of Digest authentication. Each carries when it was made, and a signature with the key of this gateway, which
 * remembers how often it was used: a request that somebody has recorded is not answered a second time, not by the gateway
 * after this one either. There a client takes another nonce, without asking anybody.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { CountWindow } from './count-window.ts';

const TIME_BYTES = 6;
const RANDOM_BYTES = 10;
const SIGNATURE_BYTES = 16;
const BODY_BYTES = TIME_BYTES + RANDOM_BYTES;
const NONCE = /^[\w-]{43}$/;
/** Nonces whose uses are remembered: of those who have signed in, nobody else gets one noted. */
const USED_MAX = 10_000;

export interface NonceSettings {
  /** Latin-1. They are good in no other realm. */
  readonly realm: string;
  readonly lifetimeMs: number;
}

export class Nonces {
  readonly #realm: string;
  readonly #lifetimeMs: number;
  readonly #key: Buffer;
  readonly #usedMax: number;
  /** What was used first stands first. */
  readonly #used = new Map<string, { readonly madeAtMs: number; readonly counts: CountWindow }>();
  /** Nonces made until then may have been used and forgotten: they are good no more. */
  #forgottenMs = 0;

  constructor({ realm, lifetimeMs }: NonceSettings, key: Buffer, usedMax = USED_MAX) {
    this.#realm = realm;
    this.#lifetimeMs = lifetimeMs;
    this.#key = key;
    this.#usedMax = usedMax;
  }

  /** `nowMs`: since 1970, as of all gateways. */
  make(nowMs: number): string {
    const body = Buffer.alloc(BODY_BYTES);
    body.writeUIntBE(nowMs, 0, TIME_BYTES);
    randomBytes(RANDOM_BYTES).copy(body, TIME_BYTES);
    return Buffer.concat([body, this.#sign(body)]).toString('base64url');
  }

  /** Takes note of a use; only for a client that knows the password. False: not of ours, too old, or used so already. */
  use(nonce: string, count: number, nowMs: number): boolean {
    const madeAtMs = this.#madeAt(nonce);
    if (madeAtMs === null || this.#isOver(madeAtMs, nowMs) || count === 0) return false;
    const used = this.#used.get(nonce);
    if (used !== undefined) return used.counts.take(count);
    if (madeAtMs <= this.#forgottenMs) return false;
    this.#forgetOne(nowMs);
    this.#used.set(nonce, { madeAtMs, counts: new CountWindow(count) });
    return true;
  }

  /** More than half of its time is over: the client should take another one. */
  isOld(nonce: string, nowMs: number): boolean {
    const madeAtMs = this.#madeAt(nonce);
    return madeAtMs === null || nowMs - madeAtMs > this.#lifetimeMs / 2;
  }

  #forgetOne(nowMs: number): void {
    const [oldest] = this.#used;
    if (oldest === undefined) return;
    const [nonce, { madeAtMs }] = oldest;
    const isOver = this.#isOver(madeAtMs, nowMs);
    if (!isOver && this.#used.size < this.#usedMax) return;
    this.#used.delete(nonce);
    if (!isOver) this.#forgottenMs = Math.max(this.#forgottenMs, madeAtMs);
  }

  /** Also when it is of a future, after the clock was set back. */
  #isOver(madeAtMs: number, nowMs: number): boolean {
    return Math.abs(nowMs - madeAtMs) > this.#lifetimeMs;
  }

  /** Null: it is not of ours. */
  #madeAt(nonce: string): number | null {
    if (!NONCE.test(nonce)) return null;
    const bytes = Buffer.from(nonce, 'base64url');
    const body = bytes.subarray(0, BODY_BYTES);
    if (!timingSafeEqual(bytes.subarray(BODY_BYTES), this.#sign(body))) return null;
    return body.readUIntBE(0, TIME_BYTES);
  }

  #sign(body: Buffer): Buffer {
    const hmac = createHmac('sha256', this.#key).update(`digest nonce\0${this.#realm}\0`, 'latin1');
    return hmac.update(body).digest().subarray(0, SIGNATURE_BYTES);
  }
}
