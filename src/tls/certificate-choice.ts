/**
 * Which certificates are for a host name: those that name it, else those with a wildcard for it (RFC 6125, section
 * 6.4.3: one label). Of several that fit, the first of each kind of key is taken, so that one name can have an ECDSA and
 * an RSA certificate and the client's abilities decide.
 */
import type { CertificateMaterial } from '../control/messages.ts';

export type CertificateGroup = readonly CertificateMaterial[];

export class CertificateChoice {
  readonly #byName = new Map<string, CertificateGroup>();
  /** For clients that name no host, or an unknown one. */
  readonly fallback: CertificateGroup;

  /** At least one; the first one is the default. */
  constructor(certificates: readonly CertificateMaterial[]) {
    for (const certificate of certificates) {
      for (const name of certificate.names) {
        const group = this.#byName.get(name) ?? [];
        if (group.some(({ keyType }) => keyType === certificate.keyType)) continue;
        this.#byName.set(name, [...group, certificate]);
      }
    }
    this.fallback = this.#fallback(certificates);
  }

  /** Null when none is for this name. */
  find(serverName: string): CertificateGroup | null {
    const exact = this.#byName.get(serverName);
    if (exact !== undefined) return exact;
    const dot = serverName.indexOf('.');
    if (dot <= 0) return null;
    return this.#byName.get(`*${serverName.slice(dot)}`) ?? null;
  }

  /** The first one, with those of other kinds that stand for the same name. */
  #fallback([first]: readonly CertificateMaterial[]): CertificateGroup {
    const name = first!.names[0];
    const group = name === undefined ? [] : this.#byName.get(name)!;
    return group.includes(first!) ? group : [first!];
  }
}
