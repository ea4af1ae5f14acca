/** What is different about an answer. Fields that change by themselves, like Date and Set-Cookie, are not looked at. */
import type { Recording } from './recording.ts';
import type { Answer } from './send.ts';

const FIELDS = ['Content-Type', 'Location'];
/** What a client is told of an application that failed. */
const FAILED = 500;

/** Each completes "GET /x: …"; none when it is the same. */
export function differences({ request, response }: Recording, answer: Answer): string[] {
  const found: string[] = [];
  const note = (what: string, before: string | number | null, now: string | number | null) => {
    if (before !== now) found.push(`${what} was ${before ?? 'not there'}, is ${now ?? 'not there'}`);
  };
  note('status', response === null ? FAILED : Number(response.startLine.split(' ')[1]), answer.status);
  // Of a failure there is only the page that the server makes of it.
  if (response === null || found.length > 0) return found;
  for (const name of FIELDS) {
    const recorded = response.fields.find(([one]) => one.toLowerCase() === name.toLowerCase());
    note(name, recorded?.[1] ?? null, answer.field(name));
  }
  const isHead = request.startLine.startsWith('HEAD ');
  if (!isHead && !response.body.equals(answer.body)) found.push(differenceOf(response.body, answer.body));
  return found;
}

function differenceOf(before: Buffer, now: Buffer): string {
  const shorter = Math.min(before.length, now.length);
  let at = 0;
  while (at < shorter && before[at] === now[at]) at++;
  return `body differs from byte ${at} on (${before.length} bytes before, ${now.length} now)`;
}
