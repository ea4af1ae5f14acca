/**
 * What the gateways need for TLS, kept current: certificates from files, which are watched, and the keys of session
 * tickets, which change. A gateway may be another user than the one who may read the keys, and a certificate that
 * cannot be used must not end what works: so it is the supervisor that reads them, and only passes on what is good.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CertificateFiles } from '../../config/sections/certificate.ts';
import type { TlsSettings } from '../../config/tls-settings.ts';
import type { CertificateMaterial, TlsMaterial } from '../../control/messages.ts';
import type { Log } from '../../telemetry/log.ts';
import { loadAuthorities, loadCertificate } from '../../tls/certificate-files.ts';
import { keptSelfSigned } from '../../tls/self-signed.ts';
import { TicketKeys } from '../../tls/ticket-keys.ts';
import type { Cancel, Clock } from '../clock.ts';
import { reasonOf, StartupError } from '../startup-error.ts';
import { FileWatch } from '../watch/file-watch.ts';
import { AcmeKeeper, type KeeperEvents } from './acme-keeper.ts';

export class CertificateKeeper {
  readonly #serverRoot: string;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #events: KeeperEvents;
  readonly #watch: FileWatch;
  readonly #ticketKeys = new TicketKeys();
  /** By their files: what was good when they were last read. */
  readonly #certificates = new Map<string, CertificateMaterial>();
  readonly #authorities = new Map<string, string>();
  readonly #acme: AcmeKeeper;
  #selfSigned: CertificateMaterial | null = null;
  /** Of the server as it runs. */
  #settings: TlsSettings | null = null;
  #cancelRotation: Cancel = () => {};

  constructor(serverRoot: string, log: Log, clock: Clock, events: KeeperEvents) {
    this.#serverRoot = serverRoot;
    this.#log = log;
    this.#clock = clock;
    this.#events = events;
    this.#acme = new AcmeKeeper(log, clock, events);
    this.#watch = new FileWatch(() => this.#onFilesChanged(), clock);
  }

  /** Reads all that these settings name; who read the settings has said already what is doubtful. Throws StartupError. */
  prepare(settings: TlsSettings | null): void {
    if (settings === null) return;
    try {
      for (const files of settings.certificates)
        this.#certificates.set(keyOf(files), loadCertificate(files, Date.now()).material);
      const { clientAuthorities } = settings;
      if (clientAuthorities !== null)
        this.#authorities.set(clientAuthorities, loadAuthorities(clientAuthorities));
      if (settings.acme !== null) this.#acme.prepare(settings.acme);
      if (settings.selfSigned) this.#selfSigned = this.#makeSelfSigned();
    } catch (error) {
      throw new StartupError(`cannot use a certificate: ${reasonOf(error)}`);
    }
  }

  /** From now on these are the settings: their files are watched, and clients are answered. */
  async follow(settings: TlsSettings | null): Promise<void> {
    this.#settings = settings;
    this.#scheduleRotation();
    this.#acme.follow(settings?.acme ?? null);
    await this.#watch.follow(settings === null ? [] : filesOf(settings));
  }

  /** For settings that are prepared. */
  material(settings: TlsSettings): TlsMaterial {
    const { certificates, acme, clientAuthorities, selfSigned, sessionTimeoutMs } = settings;
    return {
      certificates: [
        ...certificates.map((files) => this.#certificates.get(keyOf(files))!),
        ...(acme === null ? [] : this.#acme.certificates(acme)),
        ...(selfSigned ? [this.#selfSigned!] : []),
      ],
      ticketKeys: sessionTimeoutMs === 0 ? [] : this.#ticketKeys.keys,
      clientAuthorities: clientAuthorities === null ? null : this.#authorities.get(clientAuthorities)!,
      challenges: this.#acme.challenges,
    };
  }

  stop(): void {
    this.#watch.stop();
    this.#acme.stop();
    this.#cancelRotation();
  }

  /** What cannot be used leaves in place what was there before. */
  #onFilesChanged(): void {
    const settings = this.#settings;
    if (settings === null) return;
    const attempt = (path: string, load: () => boolean) => {
      try {
        if (load()) this.#log.info('certificate-loaded', path);
      } catch (error) {
        this.#log.error('certificate-refused', `${reasonOf(error)}. What was loaded before goes on`);
      }
    };
    for (const files of settings.certificates) {
      attempt(files.certificate, () => {
        const loaded = loadCertificate(files, Date.now());
        const before = this.#certificates.get(keyOf(files));
        if (before?.certificate === loaded.material.certificate && before.key === loaded.material.key)
          return false;
        this.#certificates.set(keyOf(files), loaded.material);
        for (const warning of loaded.warnings) this.#log.warn('certificate-doubtful', warning);
        return true;
      });
    }
    const { clientAuthorities } = settings;
    if (clientAuthorities !== null) {
      attempt(clientAuthorities, () => {
        const pem = loadAuthorities(clientAuthorities);
        const isNew = this.#authorities.get(clientAuthorities) !== pem;
        this.#authorities.set(clientAuthorities, pem);
        return isNew;
      });
    }
    this.#events.changed();
  }

  #makeSelfSigned(): CertificateMaterial {
    const now = Date.now();
    try {
      const data = process.env.XDG_DATA_HOME || join(homedir(), '.local/share');
      return keptSelfSigned(join(data, 'vivarium/self-signed.pem'), now);
    } catch {
      // No home, or one that is not ours to write.
      return keptSelfSigned(join(this.#serverRoot, 'self-signed.pem'), now);
    }
  }

  /** Tickets live for two rotations and a half at most, and are refused when their time is over. */
  #scheduleRotation(): void {
    this.#cancelRotation();
    const timeoutMs = this.#settings?.sessionTimeoutMs ?? 0;
    if (timeoutMs === 0) return;
    this.#cancelRotation = this.#clock.after(Math.max(1000, timeoutMs / 2), () => {
      this.#ticketKeys.rotate();
      this.#events.changed();
      this.#scheduleRotation();
    });
  }
}

function keyOf(files: CertificateFiles): string {
  return JSON.stringify(files);
}

function filesOf({ certificates, clientAuthorities }: TlsSettings): string[] {
  const files = certificates.flatMap(({ certificate, key, chain }) => [certificate, key, chain]);
  return [...files, clientAuthorities].filter((path) => path !== null);
}
