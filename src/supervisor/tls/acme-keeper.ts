/**
 * Keeps the certificates of `[acme]`: gets those that are missing, renews each when a third of its time is left, one
 * after the other, and waits longer after each failure. Until a certificate is there the host has one that we sign
 * ourselves, so that everything else works; what is there stays in use whatever happens to its renewal.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AcmeSettings } from '../../config/tls-settings.ts';
import type { AcmeChallenges, CertificateMaterial } from '../../control/messages.ts';
import type { Log } from '../../telemetry/log.ts';
import { layOut } from '../../tls/acme/challenges.ts';
import { AcmeClient, type Challenge } from '../../tls/acme/client.ts';
import { renewalAtMs, retryAfterMs } from '../../tls/acme/renewal.ts';
import { AcmeStore } from '../../tls/acme/store.ts';
import { checkCertificate } from '../../tls/certificate-files.ts';
import { selfSigned } from '../../tls/x509.ts';
import type { Cancel, Clock } from '../clock.ts';
import { reasonOf } from '../startup-error.ts';

/** The longest wait for one look at the calendar: a machine may sleep. */
const LOOK_MS = 3600_000;
/** Gateways hear of a challenge before the server is told to look. */
const HEARD_MS = 300;
const STAND_IN_LIFETIME_MS = 30 * 24 * 3600_000;
const NO_CHALLENGES: AcmeChallenges = { http: {}, alpn: {} };

/** What gateways have to be told. */
export interface KeeperEvents {
  /** Other certificates or ticket keys. */
  changed(): void;
  challenged(challenges: AcmeChallenges): void;
}

interface Held {
  readonly material: CertificateMaterial;
  /** When it is to be renewed, in ms since 1970. */
  readonly renewalAtMs: number;
  readonly isStandIn: boolean;
}

export class AcmeKeeper {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #events: KeeperEvents;
  readonly #held = new Map<string, Held>();
  /** By host: how often its renewal has failed in a row, and when it is tried again. */
  readonly #failures = new Map<string, { readonly count: number; readonly againAtMs: number }>();
  #settings: AcmeSettings | null = null;
  #client: { readonly settings: AcmeSettings; readonly client: AcmeClient } | null = null;
  #isBusy = false;
  #cancelLook: Cancel = () => {};
  readonly #stopping = new AbortController();
  challenges: AcmeChallenges = NO_CHALLENGES;

  constructor(log: Log, clock: Clock, events: KeeperEvents) {
    this.#log = log;
    this.#clock = clock;
    this.#events = events;
  }

  /** Reads what is there. @throws when the storage cannot be used */
  prepare(settings: AcmeSettings): void {
    const store = new AcmeStore(settings.storage, settings.directory);
    store.accountKey();
    for (const name of settings.names) this.#held.set(name, load(store, name) ?? standIn(name));
  }

  /** For settings that are prepared. */
  certificates({ names }: AcmeSettings): CertificateMaterial[] {
    return names.map((name) => this.#held.get(name)!.material);
  }

  /** Begins to get and to renew: clients, and so the server's checks, are answered from now on. */
  follow(settings: AcmeSettings | null): void {
    this.#settings = settings;
    void this.#look();
  }

  stop(): void {
    this.#settings = null;
    this.#cancelLook();
    this.#stopping.abort();
  }

  async #look(): Promise<void> {
    this.#cancelLook();
    if (this.#isBusy || this.#settings === null) return;
    this.#isBusy = true;
    for (const name of this.#settings.names) {
      if (this.#settings?.names.includes(name) && Date.now() >= this.#dueAtMs(name)) await this.#renew(name);
    }
    this.#isBusy = false;
    if (this.#settings === null) return;
    const nextAtMs = Math.min(...this.#settings.names.map((name) => this.#dueAtMs(name)));
    const waitMs = Math.min(LOOK_MS, Math.max(1000, nextAtMs - Date.now()));
    this.#cancelLook = this.#clock.after(waitMs, () => void this.#look());
  }

  #dueAtMs(name: string): number {
    return Math.max(this.#held.get(name)?.renewalAtMs ?? 0, this.#failures.get(name)?.againAtMs ?? 0);
  }

  async #renew(name: string): Promise<void> {
    const settings = this.#settings!;
    try {
      const store = new AcmeStore(settings.storage, settings.directory);
      // Another server with the same storage may have been quicker.
      const kept = load(store, name);
      if (kept !== null && Date.now() < kept.renewalAtMs) return this.#take(name, kept);
      const issued = await this.#clientFor(settings, store).obtain(name);
      checkCertificate(issued.certificate, issued.key, filesOf(store, name), Date.now());
      store.save(name, issued);
      this.#take(name, load(store, name)!);
      this.#log.info('certificate-issued', `${name}: kept in ${store.fileOf(name)}`);
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#onFailure(name, error);
    } finally {
      this.#show(NO_CHALLENGES);
    }
  }

  #take(name: string, held: Held): void {
    this.#held.set(name, held);
    this.#failures.delete(name);
    this.#events.changed();
  }

  #onFailure(name: string, error: unknown): void {
    const count = (this.#failures.get(name)?.count ?? 0) + 1;
    const waitMs = retryAfterMs(count, Math.random());
    this.#failures.set(name, { count, againAtMs: Date.now() + waitMs });
    const meanwhile = this.#held.get(name)!.isStandIn
      ? 'a certificate of our own stands in'
      : 'the present certificate stays in use';
    const again = `tried again in ${Math.round(waitMs / 60_000)} minutes; ${meanwhile}`;
    this.#log.error('certificate-not-issued', `${name}: ${reasonOf(error)}. It is ${again}`);
  }

  /** An account is opened once for the same settings. */
  #clientFor(settings: AcmeSettings, store: AcmeStore): AcmeClient {
    if (this.#client?.settings === settings) return this.#client.client;
    const { directory, directoryAuthorities, contact, challenges } = settings;
    const client = new AcmeClient(store.accountKey(), {
      directory,
      ca: directoryAuthorities === null ? null : readFileSync(directoryAuthorities, 'latin1'),
      contact,
      challenges,
      present: (challenge) => this.#present(challenge),
      signal: this.#stopping.signal,
    });
    this.#client = { settings, client };
    return client;
  }

  #show(challenges: AcmeChallenges): void {
    this.challenges = challenges;
    if (!this.#stopping.signal.aborted) this.#events.challenged(challenges);
  }

  async #present(challenge: Challenge): Promise<void> {
    this.#show(layOut(challenge, Date.now()));
    await sleep(HEARD_MS, undefined, { signal: this.#stopping.signal });
  }
}

/** Null when there is none that can be used. */
function load(store: AcmeStore, name: string): Held | null {
  const pem = store.load(name);
  if (pem === null) return null;
  try {
    const { material } = checkCertificate(pem, pem, filesOf(store, name), Date.now());
    const leaf = new X509Certificate(material.certificate);
    return { material, renewalAtMs: renewalAtMs(leaf, Math.random()), isStandIn: false };
  } catch {
    return null;
  }
}

function filesOf(store: AcmeStore, name: string) {
  return { certificate: store.fileOf(name), key: store.fileOf(name) };
}

function standIn(name: string): Held {
  const { certificate, key } = selfSigned({
    names: [name],
    nowMs: Date.now(),
    lifetimeMs: STAND_IN_LIFETIME_MS,
  });
  return { material: { certificate, key, names: [name], keyType: 'ec' }, renewalAtMs: 0, isStandIn: true };
}
