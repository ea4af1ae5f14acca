/** What a worker pool is told, and what it does to the world around it. */
import type { ProcessRange, RecyclingSettings, ScalingSettings } from '../../config/configuration.ts';
import type { ToApplication } from '../../control/messages.ts';
import type { MemoryRoom } from './memory-room.ts';
import type { Member, TimeLimits, WorkerProcess } from './pool-member.ts';

export interface PoolEffects {
  /** Of the next worker; no other worker of this server ever has it. */
  nextNumber(): number;
  /** Of the workers that a start, a reload or a restart begins; it counts over the life of the server. */
  nextGeneration(): number;
  /** Starts a process. What becomes of it comes back as an event, never before this returns. */
  spawn(worker: number, generation: number): WorkerProcess;
  tell(message: ToApplication): void;
  /** What is left for more workers; null when it is not known, or without limit. */
  memoryRoom(): MemoryRoom | null;
  /** A worker gets requests, or the application cannot be loaded: whoever waits for an outcome can go on. */
  settled(): void;
  /** A worker never became ready. The traceback is there when its application could not be loaded. */
  loadFailed(why: string, traceback: string | null): void;
  /** A process is gone. Why it had to go, if it had to, is known of `member`. */
  ended(member: Member, cause: string): void;
}

export interface PoolSettings extends TimeLimits {
  readonly processes: ProcessRange;
  readonly threads: number;
  readonly scaling: ScalingSettings;
  readonly recycling: RecyclingSettings;
}
