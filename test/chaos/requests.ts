/**
 * What clients ask of test/apps/chaotic.py. KINDS is the ordinary traffic; BAD are the requests that harm their worker,
 * which are sent one by one as troubles.
 */
import type { Random } from './random.ts';

export interface Order {
  readonly kind: string;
  readonly path: string;
  /** Sent by POST. */
  readonly body: Buffer | null;
  /** The body of the answer, when that is a 200; null when none can be. */
  answer(number: number): string | null;
  /** The client goes away after that. */
  readonly leaveAfterMs: number | null;
  /** The client reads nothing for so long. */
  readonly pauseMs: number;
}

interface Kind {
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
  make(random: Random): Order;
}

const LINE = 'x'.repeat(1000);

export const QUICK: Order = order('quick', '/work?ms=0', 'worked');

export const KINDS: readonly Kind[] = [
  { weight: 60, make: () => QUICK },
  { weight: 20, make: (random) => order('slow', `/work?ms=${random.between(2, 60)}`, 'worked') },
  { weight: 6, make: (random) => upload(random.between(0, 300_000)) },
  { weight: 6, make: (random) => download(random.between(0, 600)) },
  { weight: 2, make: (random) => ({ ...download(3000), pauseMs: random.between(50, 500) }) },
  { weight: 2, make: () => order('fail', '/fail?') },
  {
    weight: 3,
    make: (random) => ({
      ...order('leave', `/work?ms=${random.between(0, 100)}`, 'worked'),
      leaveAfterMs: random.between(0, 80),
    }),
  },
  {
    weight: 1,
    make: (random) => ({ ...download(3000), kind: 'leave', leaveAfterMs: random.between(0, 30) }),
  },
];

/** These do not end by themselves. */
export const HANG = order('hang', '/hang?');
export const SPIN = order('spin', '/spin?');
export const LOCK = order('lock', '/lock?');
export const STREAM = order('stream', '/stream?');
/** These end their worker. */
export const CRASH = order('crash', '/crash?');
export const EXITS = [order('exit', '/exit?status=0'), order('exit', '/exit?status=3')] as const;
export const ENDS_WORKER: ReadonlySet<string> = new Set(['crash', 'exit']);

export const hold = (ms: number): Order => order('hold', `/hold?ms=${ms}`, 'held');
export const leak = (mib: number): Order => order('leak', `/leak?mib=${mib}`, 'leaked');
export const fork = (ms: number): Order => order('fork', `/fork?ms=${ms}`, 'forked');

function order(kind: string, path: string, text: string | null = null): Order {
  const answer = (number: number) => (text === null ? null : `${number} ${text}`);
  return { kind, path, body: null, answer, leaveAfterMs: null, pauseMs: 0 };
}

function upload(bytes: number): Order {
  return { ...order('upload', '/upload?', `read ${bytes}`), body: Buffer.alloc(bytes, 'u') };
}

function download(lines: number): Order {
  const answer = (number: number) => `${number} ${LINE}\n`.repeat(lines);
  return { ...order('download', `/download?lines=${lines}`), answer };
}
