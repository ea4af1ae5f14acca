/** The account key of ACME and what is signed with it (RFC 8555, section 6.2; RFC 7515, RFC 7638): always P-256, ES256. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';

export class AccountKey {
  readonly #key: KeyObject;
  /** The public half. */
  readonly jwk: Readonly<Record<'crv' | 'kty' | 'x' | 'y', string>>;

  /** @throws when it is no such key */
  constructor(pem: string) {
    this.#key = createPrivateKey(pem);
    const { crv, kty, x, y } = createPublicKey(this.#key).export({ format: 'jwk' });
    if (crv !== 'P-256') throw new Error('the account key is no P-256 key');
    this.jwk = { crv, kty: kty!, x: x!, y: y! };
  }

  static make(): string {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  }

  /** What proves to the server of a challenge that this account has asked for it (RFC 8555, section 8.1). */
  keyAuthorization(token: string): string {
    // The members of the key are in the order that RFC 7638 wants.
    const thumbprint = createHash('sha256').update(JSON.stringify(this.jwk)).digest('base64url');
    return `${token}.${thumbprint}`;
  }

  /** `payload`: null for a POST that only reads. */
  sign(header: Readonly<Record<string, unknown>>, payload: unknown): string {
    const protectedText = base64url(JSON.stringify({ alg: 'ES256', ...header }));
    const payloadText = payload === null ? '' : base64url(JSON.stringify(payload));
    const input = Buffer.from(`${protectedText}.${payloadText}`);
    const signature = sign('sha256', input, { key: this.#key, dsaEncoding: 'ieee-p1363' });
    return JSON.stringify({
      protected: protectedText,
      payload: payloadText,
      signature: signature.toString('base64url'),
    });
  }
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
