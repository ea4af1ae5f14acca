/** The number of workers: what the operator wants it to be, who waits until it is so, and what it may be by itself. */
import type { ProcessRange } from '../../config/configuration.ts';
import type { ToApplication } from '../../control/messages.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Clock } from '../clock.ts';
import { type AutoscaledPool, Autoscaling, type AutoscalingSettings } from './autoscaling.ts';
import type { Availability } from './availability.ts';
import type { Generation } from './generation.ts';
import { countWorkers } from './life-report.ts';
import { numbersOf } from './members.ts';
import type { PoolEffects } from './pool-effects.ts';
import { type Member, SCALE_DOWN, type Slot } from './pool-member.ts';
import { type ReloadOutcome, STOPPING } from './reloads.ts';

export interface ScaledPool {
  current(): Generation;
  /** A reload is under way, or everything stops. */
  isChanging(): boolean;
  /** Starts a worker there. */
  fill(slot: Slot): void;
}

type ScalingEffects = Pick<PoolEffects, 'tell' | 'memoryRoom'>;

export class Scaling {
  readonly autoscaling: Autoscaling;
  readonly #pool: ScaledPool;
  readonly #availability: Availability;
  readonly #effects: ScalingEffects;
  readonly #log: Log;
  readonly #configured: ProcessRange;
  #asked: PromiseWithResolvers<ReloadOutcome> | null = null;

  constructor(
    settings: AutoscalingSettings,
    pool: ScaledPool,
    availability: Availability,
    effects: ScalingEffects,
    clock: Clock,
    log: Log,
  ) {
    this.#configured = settings.processes;
    this.#pool = pool;
    this.#availability = availability;
    this.#effects = effects;
    this.#log = log;
    const autoscaled: AutoscaledPool = {
      size: () => pool.current().size,
      settled: () => this.#settled(),
      resize: (size, why) => this.resize(size, why),
      memoryRoom: () => effects.memoryRoom(),
    };
    this.autoscaling = new Autoscaling(settings, autoscaled, clock, log);
  }

  get range(): ProcessRange {
    return this.autoscaling.range;
  }

  /** The allowed number that is nearest. */
  nearest(size: number): number {
    return Math.min(Math.max(size, this.range.min), this.range.max);
  }

  /** Changes the number now. Resolves when so many workers serve, or when one of them could not be started. */
  to(range: ProcessRange, why: string): Promise<ReloadOutcome> {
    this.#asked ??= Promise.withResolvers<ReloadOutcome>();
    const { promise } = this.#asked;
    this.autoscaling.setRange(range);
    this.#effects.tell({ type: 'scale', ...range });
    this.resize(this.nearest(this.#pool.current().size), why);
    this.progress();
    return promise;
  }

  resize(size: number, why: string): void {
    const current = this.#pool.current();
    if (size === current.size) return;
    const before = current.size;
    const released = current.shrink(size);
    const drain = numbersOf(released.membersIn('active'));
    if (size === 0) this.#availability.forget();
    // Also for none: the gateway takes requests again that it would have refused.
    if (drain.length > 0 || size === 0) this.#effects.tell({ type: 'switch', activate: [], drain });
    // Not before: whoever reads it may rely on it.
    this.#log.info('scaled', `${countWorkers(size)} instead of ${before}: ${why}`);
    released.dissolve('was not needed any more', SCALE_DOWN);
    current.grow(size);
    if (!current.isRetrying) for (const slot of current.vacant) this.#pool.fill(slot);
  }

  #settled(): readonly Member[] | null {
    return this.#pool.isChanging() ? null : this.#pool.current().settled;
  }

  /** Workers have come or gone. */
  progress(): void {
    if (this.#asked === null || this.#settled() === null) return;
    const { size } = this.#pool.current();
    const range = this.autoscaling.isOn ? `, from ${this.range.min} to ${this.range.max} as needed` : '';
    this.end({ ok: true, detail: `${countWorkers(size)} ${size === 1 ? 'serves' : 'serve'}${range}` });
  }

  end(outcome: ReloadOutcome): void {
    this.#asked?.resolve(outcome);
    this.#asked = null;
  }

  stop(): void {
    this.autoscaling.stop();
    this.end(STOPPING);
  }

  /** What a new gateway has to know. */
  introduction(): ToApplication[] {
    this.autoscaling.lostGateway();
    const isAsConfigured = this.range === this.#configured;
    return isAsConfigured && !this.autoscaling.isOn ? [] : [{ type: 'scale', ...this.range }];
  }
}
