/** What a new gateway has to know of the workers. The requests that they were draining died with the gateway before it. */
import type { ToApplication } from '../../control/messages.ts';
import type { Member } from './pool-member.ts';

/** `unavailable`: why no worker could be started. `observer` is told of each that has to come back. */
export function introduce(
  members: Iterable<Member>,
  unavailable: string | null,
  observer: { lostGateway(member: Member): void },
): ToApplication[] {
  const messages: ToApplication[] = [];
  const activate: number[] = [];
  for (const member of members) {
    if (member.state === 'draining') member.terminate();
    if (member.state === 'stopping') continue;
    messages.push({ type: 'expect-worker', identity: member.process.identity });
    // It may have been ready for long, with nobody to tell.
    if (member.state === 'loading') member.expectReady();
    if (member.state !== 'active') continue;
    member.expectBack();
    observer.lostGateway(member);
    activate.push(member.process.identity.worker);
  }
  if (activate.length > 0) messages.push({ type: 'switch', activate, drain: [] });
  else if (unavailable !== null) messages.push({ type: 'application-unavailable', why: unavailable });
  return messages;
}
