/** What must hold, whatever has happened. Each rule looks at all the evidence and names what violates it. */

import type { Evidence } from './evidence.ts';
import { requestRules } from './request-rules.ts';
import { serverRules } from './server-rules.ts';

export interface Violation {
  readonly what: string;
  /** The request concerned. */
  readonly number?: number;
}

export interface Rule {
  readonly name: string;
  check(evidence: Evidence): Violation[];
}

export interface Verdict extends Violation {
  readonly rule: string;
}

export function judge(evidence: Evidence): Verdict[] {
  return [...requestRules, ...serverRules].flatMap(({ name, check }) =>
    check(evidence).map((violation) => ({ rule: name, ...violation })),
  );
}
