/**
 * Who of those that have signed in may go on, in the words of Apache's Require: `valid-user`, `user alice bob`,
 * `group staff`. One of the requirements is enough.
 */

/** `groups`: of the user. */
export type Requirement = (user: string, isMember: (group: string) => boolean) => boolean;

/** `requirements`: each as isRequirement has it. */
export function compileRequirements(requirements: readonly string[]): Requirement {
  const all = requirements.map(compileRequirement);
  return (user, isMember) => all.some((one) => one(user, isMember));
}

function compileRequirement(text: string): Requirement {
  const [kind, ...names] = latin1(text).split(' ');
  if (kind === 'valid-user') return () => true;
  if (kind === 'user') return (user) => names.includes(user);
  return (_, isMember) => names.some(isMember);
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').latin1Slice();
}
