/**
 * The balancing policies: which of the servers that can take a request gets it. Each is a function of the candidates
 * (never empty), made once for an upstream.
 */
import { createHash } from 'node:crypto';
import type { UpstreamServer } from './server.ts';

export type PolicyName = 'round-robin' | 'least-connections' | 'random-of-two' | 'hash';

/** `key`: what a consistent hash is computed of. */
export type Policy = (candidates: readonly UpstreamServer[], key: string, now: number) => UpstreamServer;

export function policyOf(name: PolicyName, random: () => number = Math.random): Policy {
  switch (name) {
    case 'round-robin':
      return smoothRoundRobin;
    case 'least-connections':
      return leastConnections;
    case 'random-of-two':
      return randomOfTwo(random);
    case 'hash':
      return rendezvous;
  }
}

/** nginx's smooth weighted round robin: weights 5, 1, 1 give a a b a c a a, not a a a a a b c. */
function smoothRoundRobin(candidates: readonly UpstreamServer[], _key: string, now: number): UpstreamServer {
  if (candidates.length === 1) return candidates[0]!;
  let total = 0;
  let best = candidates[0]!;
  for (const server of candidates) {
    const weight = server.weightNow(now);
    total += weight;
    server.currentWeight += weight;
    if (server.currentWeight > best.currentWeight) best = server;
  }
  best.currentWeight -= total;
  return best;
}

/** The one with the fewest requests for its weight; round robin among equals. */
function leastConnections(candidates: readonly UpstreamServer[], key: string, now: number): UpstreamServer {
  let least = Number.POSITIVE_INFINITY;
  let best: UpstreamServer[] = [];
  for (const server of candidates) {
    const load = server.busy / server.weightNow(now);
    if (load > least) continue;
    if (load < least) best = [];
    least = load;
    best.push(server);
  }
  return smoothRoundRobin(best, key, now);
}

/** Two by chance and by weight, and of them the one with less to do: nearly as good as the least of all, and never a herd. */
function randomOfTwo(random: () => number): Policy {
  return (candidates, key, now) => {
    const first = byWeight(candidates, now, random);
    const others = candidates.filter((server) => server !== first);
    if (others.length === 0) return first;
    return leastConnections([first, byWeight(others, now, random)], key, now);
  };
}

function byWeight(candidates: readonly UpstreamServer[], now: number, random: () => number): UpstreamServer {
  let left = random() * candidates.reduce((sum, server) => sum + server.weightNow(now), 0);
  for (const server of candidates) {
    left -= server.weightNow(now);
    if (left < 0) return server;
  }
  return candidates.at(-1)!;
}

/**
 * Weighted rendezvous hashing: every server draws a number for the key, the highest wins. A server that goes takes only
 * its own keys with it, and no ring has to be kept.
 */
function rendezvous(candidates: readonly UpstreamServer[], key: string): UpstreamServer {
  let highest = Number.NEGATIVE_INFINITY;
  let best = candidates[0]!;
  for (const server of candidates) {
    // -weight / ln(u) for a u of the hash, between 0 and 1: Schindelhauer and Schomaker's logarithmic method.
    const score = -server.weight / Math.log(fractionOf(`${server.name}\0${key}`));
    if (score > highest) {
      highest = score;
      best = server;
    }
  }
  return best;
}

function fractionOf(text: string): number {
  const digest = createHash('sha1').update(text, 'latin1').digest();
  return (digest.readUIntBE(0, 6) + 0.5) / 2 ** 48;
}
